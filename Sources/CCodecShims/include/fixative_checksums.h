#ifndef FIXATIVE_CHECKSUMS_H
#define FIXATIVE_CHECKSUMS_H

#include <stddef.h>
#include <stdint.h>

/// The CRC of PNG and zlib over `length` more bytes; `crc` is 0 at the start.
uint32_t fixative_crc32(uint32_t crc, const uint8_t *_Nonnull bytes, size_t length);

/// zlib's Adler-32 over `length` more bytes; `adler` is 1 at the start.
uint32_t fixative_adler32(uint32_t adler, const uint8_t *_Nonnull bytes, size_t length);

#endif
