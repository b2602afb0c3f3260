#ifndef LIBPNG_DECODE_H
#define LIBPNG_DECODE_H

#include <stddef.h>

/// Decodes a PNG row by row to 8-bit RGB or RGBA with libpng's defaults, all checksums included. Returns 0 on an error.
int libpng_decode(const void *_Nonnull bytes, size_t length);

#endif
