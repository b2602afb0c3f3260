#ifndef FIXATIVE_FAST_PNG_H
#define FIXATIVE_FAST_PNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Decodes the common kind of PNG without libpng: 8 bits per sample, not interlaced, no tRNS. It reports no errors: it either
// decodes a fully valid stream or declines. If it declines, libpng decodes from the start and reports the error. It may decline
// at any row. Rows delivered before are still correct, because a row does not depend on later data.
//
// The room can be deleted whole: then libpng reads everything, and zlib's crc32 takes the place of the one here.

typedef struct fixative_fast_png fixative_fast_png;

/// The facts of a file whose chunks are in a valid order and have correct CRCs.
typedef struct fixative_fast_png_layout {
    uint32_t width;
    uint32_t height;
    uint32_t bit_depth;
    uint32_t colour_type;
    bool is_interlaced;
    bool has_transparency;
    /// The body of PLTE, 3 bytes per entry.
    const uint8_t *_Nullable palette;
    uint32_t palette_count;
    /// The offset of the first IDAT chunk, and the end of the last one.
    size_t data_start;
    size_t data_end;
} fixative_fast_png_layout;

/// Returns null to decline, also if memory is exhausted. `layout` must describe `bytes`, and is copied. `bytes` must stay alive
/// and unchanged until the decoder is destroyed.
fixative_fast_png *_Nullable fixative_fast_png_create(
    const uint8_t *_Nonnull bytes, const fixative_fast_png_layout *_Nonnull layout);

/// Channels of the delivered rows: 3 (RGB) or 4 (RGBA), one byte each.
uint32_t fixative_fast_png_channels(const fixative_fast_png *_Nonnull fast);

/// Writes the next row, `width * channels` bytes. Returns false to decline.
bool fixative_fast_png_row(fixative_fast_png *_Nonnull fast, uint8_t *_Nonnull row);

/// After the last row, verifies that the data ends there with a correct checksum. Returns false to decline.
bool fixative_fast_png_finish(fixative_fast_png *_Nonnull fast);

void fixative_fast_png_destroy(fixative_fast_png *_Nullable fast);

#endif
