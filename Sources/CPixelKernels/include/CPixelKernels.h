#ifndef FIXATIVE_PIXEL_KERNELS_H
#define FIXATIVE_PIXEL_KERNELS_H

#include "fixative_kernels.h"

#endif
