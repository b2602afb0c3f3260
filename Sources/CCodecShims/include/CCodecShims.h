#ifndef FIXATIVE_CODEC_SHIMS_H
#define FIXATIVE_CODEC_SHIMS_H

#include "fixative_inflate.h"
#include "fixative_jpeg.h"
#include "fixative_png.h"
#include "fixative_status.h"

#endif
