#ifndef FIXATIVE_PNG_FAST_H
#define FIXATIVE_PNG_FAST_H

#include "fixative_png.h"
#include "support.h"

// Decodes the common kind of PNG without libpng: 8 bits per sample, not interlaced, no tRNS. It reports no errors: it either
// decodes a fully valid stream or declines. If it declines, libpng decodes from the start and reports the error. It may decline
// at any row. Rows delivered before are still correct, because a row does not depend on later data.

typedef struct fixative_png_fast fixative_png_fast;

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

/// Returns null to decline, also if memory is exhausted. `chunks` must come from `bytes`, and is copied.
fixative_png_fast *_Nullable fixative_png_fast_create(
    const uint8_t *_Nonnull bytes, const fixative_png_chunks *_Nonnull chunks, fixative_png_header *_Nonnull header);

/// Writes the next row as RGB or RGBA, `header.width * header.channels` bytes. Returns false to decline.
bool fixative_png_fast_row(fixative_png_fast *_Nonnull fast, uint8_t *_Nonnull row);

/// After the last row, verifies that the data ends there with a correct checksum. Returns false to decline.
bool fixative_png_fast_finish(fixative_png_fast *_Nonnull fast, size_t *_Nonnull consumed);

void fixative_png_fast_destroy(fixative_png_fast *_Nullable fast);

static inline uint32_t fixative_big_endian(const uint8_t *_Nonnull bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

#endif
