#ifndef FIXATIVE_PNG_FAST_H
#define FIXATIVE_PNG_FAST_H

#include "fixative_png.h"
#include "support.h"

// The common kind of PNG without libpng: 8 bits a sample, not interlaced, no tRNS. It gives no verdict: it either decodes
// a wholly sound stream, or declines, and then libpng decodes from the start and says what is wrong. It may decline at any row;
// the rows before are right, since a row depends on nothing that comes after it.

typedef struct fixative_png_fast fixative_png_fast;

/// What the chunks of a file say, once the critical ones are found in order and with the right CRCs.
typedef struct fixative_png_chunks {
    /// Width to interlacing; the rest is the decoders' to fill in.
    fixative_png_header header;
    /// The body of PLTE, whose chunk begins 8 bytes before it. For RGB it is a mere suggestion.
    const uint8_t *_Nullable palette;
    /// No more entries than the bit depth can name.
    uint32_t palette_count;
    /// The effective tRNS with its samples masked; length 0 for none.
    uint8_t transparency[256];
    uint32_t transparency_length;
    /// Offset of the first IDAT chunk, and the end of the last.
    size_t data_start;
    size_t data_end;
    /// The end of IEND, which is 12 bytes long.
    size_t end;
} fixative_png_chunks;

/// Looks at all chunks. False with a fault when the file is cut, is not sound in what makes its picture, or is above the limits.
bool fixative_png_chunks_read(
    fixative_png_chunks *_Nonnull chunks, const uint8_t *_Nonnull bytes, size_t length, fixative_limits limits,
    fixative_fault *_Nonnull fault);

/// Whether the IDAT chunks hold one zlib stream (RFC 1950), with its sum, of as many bytes as the header promises, and nothing more.
/// False with a fault.
bool fixative_png_stream_check(
    const fixative_png_chunks *_Nonnull chunks, const uint8_t *_Nonnull bytes, fixative_fault *_Nonnull fault);

/// Null declines, also for want of memory. `chunks` are those of `bytes`, and are copied.
fixative_png_fast *_Nullable fixative_png_fast_create(
    const uint8_t *_Nonnull bytes, const fixative_png_chunks *_Nonnull chunks, fixative_png_header *_Nonnull header);

/// Writes the next row as RGB or RGBA, `header.width * header.channels` bytes. False declines.
bool fixative_png_fast_row(fixative_png_fast *_Nonnull fast, uint8_t *_Nonnull row);

/// Checks, after the last row, that the data end there with the right sum. False declines.
bool fixative_png_fast_finish(fixative_png_fast *_Nonnull fast, size_t *_Nonnull consumed);

void fixative_png_fast_destroy(fixative_png_fast *_Nullable fast);

static inline uint32_t fixative_big_endian(const uint8_t *_Nonnull bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

#endif
