#ifndef FIXATIVE_C_FAST_PNG_H
#define FIXATIVE_C_FAST_PNG_H

#include "fixative_checksums.h"
#include "fixative_fast_png.h"

#endif
