#ifndef FIXATIVE_PNG_CHUNKS_H
#define FIXATIVE_PNG_CHUNKS_H

#include "fixative_png.h"
#include "support.h"

/// The results of reading a file's chunks. The critical chunks are in a valid order and have correct CRCs.
typedef struct fixative_png_chunks {
    /// Only the fields from `width` to `interlaced`, except `channels`, are set here; the decoders set the rest.
    fixative_png_header header;
    /// The body of PLTE; its chunk starts 8 bytes earlier. In an RGB picture, the palette is only a suggestion.
    const uint8_t *_Nullable palette;
    /// Limited to the number of entries that the bit depth can address.
    uint32_t palette_count;
    /// The effective tRNS with masked samples; length 0 if there is none.
    uint8_t transparency[256];
    uint32_t transparency_length;
    /// The offset of the first IDAT chunk, and the end of the last one.
    size_t data_start;
    size_t data_end;
    /// The offset after IEND, which is 12 bytes long.
    size_t end;
} fixative_png_chunks;

/// Reads all chunks. Returns false and sets `fault` if the file is truncated, is invalid in a part needed for the picture, or
/// exceeds the limits.
bool fixative_png_chunks_read(
    fixative_png_chunks *_Nonnull chunks, const uint8_t *_Nonnull bytes, size_t length, fixative_limits limits,
    fixative_fault *_Nonnull fault);

/// Whether the IDAT chunks contain exactly one zlib stream (RFC 1950) with a valid checksum, of exactly the size that the header
/// implies. Returns false and sets `fault` otherwise.
bool fixative_png_stream_check(
    const fixative_png_chunks *_Nonnull chunks, const uint8_t *_Nonnull bytes, fixative_fault *_Nonnull fault);

static inline uint32_t fixative_big_endian(const uint8_t *_Nonnull bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

#endif
