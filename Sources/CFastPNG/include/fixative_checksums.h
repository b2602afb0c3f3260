#ifndef FIXATIVE_CHECKSUMS_H
#define FIXATIVE_CHECKSUMS_H

#include <stddef.h>
#include <stdint.h>

/// Updates the CRC-32 of PNG and zlib with `length` more bytes; start with `crc` 0.
uint32_t fixative_crc32(uint32_t crc, const uint8_t *_Nonnull bytes, size_t length);

/// Updates zlib's Adler-32 with `length` more bytes; start with `adler` 1.
uint32_t fixative_adler32(uint32_t adler, const uint8_t *_Nonnull bytes, size_t length);

#endif
