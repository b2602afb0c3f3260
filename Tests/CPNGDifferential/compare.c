#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fixative_png.h"
#include "png_differential.h"

typedef struct outcome {
    fixative_status status;
    char message[200];
    fixative_png_header header;
    bool began_fast;
    bool ended_fast;
    uint8_t *pixels;
    size_t stride;
    uint32_t rows;
    size_t consumed;
} outcome;

static void decode(const uint8_t *bytes, size_t length, bool forgoes_fast, outcome *result) {
    memset(result, 0, sizeof *result);
    const fixative_limits limits = {.max_side = 40000, .max_pixels = 1000000};
    fixative_png_reader *reader = fixative_png_reader_create(bytes, length, limits, FIXATIVE_REFUSE_NO_ALLOCATION);
    if (!reader) abort();
    if (forgoes_fast) fixative_png_reader_forgo_fast(reader);
    result->status = fixative_png_reader_header(reader, &result->header);
    result->began_fast = fixative_png_reader_is_fast(reader);
    if (result->status == FIXATIVE_OK) {
        result->stride = (size_t)result->header.width * result->header.channels;
        result->pixels = malloc(result->stride * result->header.height);
        if (!result->pixels) abort();
        while (result->rows < result->header.height) {
            uint8_t *row = result->pixels + result->stride * result->rows;
            result->status = fixative_png_reader_row(reader, row, result->stride);
            if (result->status != FIXATIVE_OK) break;
            result->rows++;
        }
    }
    if (result->status == FIXATIVE_OK) result->status = fixative_png_reader_finish(reader, &result->consumed);
    result->ended_fast = fixative_png_reader_is_fast(reader);
    strncpy(result->message, fixative_png_reader_message(reader), sizeof result->message - 1);
    fixative_png_reader_destroy(reader);
}

static bool agree(const outcome *one, const outcome *other) {
    if (one->status != other->status || strcmp(one->message, other->message) != 0) return false;
    uint32_t rows = one->rows < other->rows ? one->rows : other->rows;
    // Rows before damage must be right too: they are what a caller has when libpng takes over.
    if (rows > 0 && memcmp(one->pixels, other->pixels, rows * one->stride) != 0) return false;
    if (one->status != FIXATIVE_OK) return true;
    return one->consumed == other->consumed && one->rows == other->rows
        && memcmp(&one->header, &other->header, sizeof one->header) == 0;
}

void png_differential_compare(const uint8_t *bytes, size_t length, uint64_t seed, png_differential_counts *counts) {
    outcome fast, slow;
    // A copy without spare room, so that AddressSanitizer sees the first byte read behind it.
    uint8_t *exact = malloc(length ? length : 1);
    if (!exact) abort();
    memcpy(exact, bytes, length);
    decode(exact, length, false, &fast);
    decode(exact, length, true, &slow);
    counts->cases++;
    if (fast.began_fast && !fast.ended_fast) counts->handed_over++;
    if (!agree(&fast, &slow)) {
        if (counts->different++ == 0) counts->example = seed;
    } else if (slow.status != FIXATIVE_OK) {
        counts->refused++;
    } else if (fast.ended_fast) {
        counts->fast++;
    }
    free(fast.pixels);
    free(slow.pixels);
    free(exact);
}
