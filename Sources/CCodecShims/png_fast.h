#ifndef FIXATIVE_PNG_FAST_H
#define FIXATIVE_PNG_FAST_H

#include "fixative_png.h"
#include "support.h"

// The common kind of PNG without libpng: 8 bits a sample, not interlaced, no tRNS. It gives no verdict: it either decodes a
// wholly sound file, or declines, and then libpng decodes from the start and says what is wrong. It may decline at any row;
// the rows before are right, since a row depends on nothing that comes after it.

typedef struct fixative_png_fast fixative_png_fast;

/// Looks at the whole file's chunks and CRCs. Null declines, also for want of memory.
fixative_png_fast *_Nullable fixative_png_fast_create(
    const uint8_t *_Nonnull bytes, size_t length, fixative_limits limits, fixative_png_header *_Nonnull header);

/// Writes the next row as RGB or RGBA, `header.width * header.channels` bytes. False declines.
bool fixative_png_fast_row(fixative_png_fast *_Nonnull fast, uint8_t *_Nonnull row);

/// Checks, after the last row, that the data end there with the right sum. False declines.
bool fixative_png_fast_finish(fixative_png_fast *_Nonnull fast, size_t *_Nonnull consumed);

void fixative_png_fast_destroy(fixative_png_fast *_Nullable fast);

/// What the chunks of a file say, once they are found in order and with the right CRCs.
typedef struct fixative_png_chunks {
    fixative_png_header header;
    const uint8_t *_Nullable palette;
    uint32_t palette_count;
    /// Offset of the first IDAT chunk, and its end of IEND.
    size_t data_start;
    size_t end;
} fixative_png_chunks;

/// False when the file is not of the fast kind, or not sound.
bool fixative_png_chunks_read(
    fixative_png_chunks *_Nonnull chunks, const uint8_t *_Nonnull bytes, size_t length, fixative_limits limits);

static inline uint32_t fixative_big_endian(const uint8_t *_Nonnull bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

#endif
