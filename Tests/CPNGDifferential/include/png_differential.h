#ifndef PNG_DIFFERENTIAL_H
#define PNG_DIFFERENTIAL_H

#include <stddef.h>
#include <stdint.h>

/// What came of decoding many files by the fast path and by libpng alone.
typedef struct png_differential_counts {
    uint64_t cases;
    /// Both gave the same pixels, without libpng in the first decode.
    uint64_t fast;
    /// The fast path began and libpng took over; with or without success.
    uint64_t handed_over;
    /// Both refused, with the same status and words.
    uint64_t refused;
    /// The two differed; `example` is the seed of the first such case.
    uint64_t different;
    uint64_t example;
} png_differential_counts;

/// Files with sound chunks and rows of random filters, from every level and strategy of zlib, then damaged in up to three ways.
void png_differential_pictures(uint64_t first_seed, uint64_t count, png_differential_counts *_Nonnull counts);

/// One row of grey whose deflate stream is written bit by bit with random codes, lawful and not, under right sums.
void png_differential_streams(uint64_t first_seed, uint64_t count, png_differential_counts *_Nonnull counts);

/// Decodes one file both ways and counts it.
void png_differential_compare(
    const uint8_t *_Nonnull bytes, size_t length, uint64_t seed, png_differential_counts *_Nonnull counts);

#endif
