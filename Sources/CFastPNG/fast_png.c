#include "fixative_fast_png.h"

#include <stdlib.h>
#include <string.h>

#include "fixative_checksums.h"
#include "deflate.h"
#include "unfilter.h"

enum {
    ROWS = FIXATIVE_UNFILTER_ROWS,
    /// Compressed bytes collected from IDAT chunks at a time.
    INPUT_BYTES = 65536,
    /// Bytes before the input buffer that the decoder may return to.
    INPUT_LEAD = 8,
    /// Inflated bytes produced at a time; together with the history they fit a second-level cache.
    OUTPUT_BYTES = 131072,
    /// The maximum row size; libpng decodes wider pictures, so that the window stays small.
    MAX_ROW_BYTES = 262144,
};

struct fixative_fast_png {
    const uint8_t *bytes;
    fixative_fast_png_layout layout;
    size_t pixel_bytes;
    size_t row_bytes;

    /// The unread rest of the current IDAT chunk, and the offset of the next chunk.
    const uint8_t *data;
    size_t data_left;
    size_t next_chunk;

    fixative_deflate deflate;
    bool is_done;
    uint32_t adler;
    uint64_t produced;
    /// The first byte in `window` that is inflated, but not unfiltered yet.
    const uint8_t *unread;
    uint8_t *window;
    size_t window_bytes;

    /// Two batches of rows. One is being delivered; the last row of the other is the row above it.
    uint8_t *rows[2 * ROWS];
    unsigned batch;
    uint32_t rows_unfiltered;
    uint32_t rows_delivered;
    uint8_t input[INPUT_LEAD + INPUT_BYTES + FIXATIVE_DEFLATE_IN_PADDING];
};

static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

uint32_t fixative_fast_png_channels(const fixative_fast_png *fast) {
    return fast->layout.colour_type == 4 || fast->layout.colour_type == 6 ? 4 : 3;
}

void fixative_fast_png_destroy(fixative_fast_png *fast) {
    if (!fast) return;
    free(fast->window);
    free(fast->rows[0]);
    free(fast);
}

/// Advances to the next IDAT chunk; false after the last one.
static bool next_data(fixative_fast_png *fast) {
    if (fast->next_chunk >= fast->layout.data_end) return false;
    const uint8_t *chunk = fast->bytes + fast->next_chunk;
    fast->data = chunk + 8;
    fast->data_left = big_endian(chunk);
    fast->next_chunk += fast->data_left + 12;
    return true;
}

/// Moves the remaining input to the front and refills the buffer from IDAT chunks.
static void feed(fixative_fast_png *fast) {
    fixative_deflate *deflate = &fast->deflate;
    size_t left = (size_t)(deflate->in_end - deflate->in);
    memmove(fast->input, deflate->in - INPUT_LEAD, left + INPUT_LEAD);
    uint8_t *end = fast->input + INPUT_LEAD + left, *limit = fast->input + INPUT_LEAD + INPUT_BYTES;
    while (end < limit) {
        if (fast->data_left == 0 && !next_data(fast)) {
            deflate->in_is_final = true;
            memset(end, 0, FIXATIVE_DEFLATE_IN_PADDING);
            break;
        }
        size_t count = fast->data_left < (size_t)(limit - end) ? fast->data_left : (size_t)(limit - end);
        memcpy(end, fast->data, count);
        end += count;
        fast->data += count;
        fast->data_left -= count;
    }
    deflate->in = fast->input + INPUT_LEAD;
    deflate->in_end = end;
}

/// Drops bytes that are already read and too far back for any match.
static void make_room(fixative_fast_png *fast) {
    fixative_deflate *deflate = &fast->deflate;
    size_t used = (size_t)(deflate->out - fast->window), read = (size_t)(fast->unread - fast->window);
    size_t beyond_reach = used > FIXATIVE_DEFLATE_HISTORY ? used - FIXATIVE_DEFLATE_HISTORY : 0;
    size_t dropped = read < beyond_reach ? read : beyond_reach;
    memmove(fast->window, fast->window + dropped, used - dropped);
    deflate->out -= dropped;
    fast->unread -= dropped;
}

/// Inflates until `count` bytes are unread; if `count` is 0, inflates to the end of the data.
static bool inflate_rows(fixative_fast_png *fast, size_t count) {
    fixative_deflate *deflate = &fast->deflate;
    uint64_t expected = (uint64_t)(fast->row_bytes + 1) * fast->layout.height;
    while (count ? (size_t)(deflate->out - fast->unread) < count : !fast->is_done) {
        if (fast->is_done) return false;
        if (deflate->out > deflate->out_limit) make_room(fast);
        const uint8_t *before = deflate->out;
        fixative_deflate_result result = fixative_deflate_run(deflate);
        size_t made = (size_t)(deflate->out - before);
        fast->adler = fixative_adler32(fast->adler, before, made);
        fast->produced += made;
        if (result == FIXATIVE_DEFLATE_REFUSED || fast->produced > expected) return false;
        if (result == FIXATIVE_DEFLATE_HUNGRY) feed(fast);
        fast->is_done = result == FIXATIVE_DEFLATE_DONE;
    }
    return true;
}

/// Checks the zlib header (RFC 1950). A stated window smaller than the stream's distances is accepted; libpng is configured to
/// accept it too.
static bool begin_stream(fixative_fast_png *fast) {
    fixative_deflate *deflate = &fast->deflate;
    fixative_deflate_start(deflate);
    deflate->in = deflate->in_end = fast->input + INPUT_LEAD;
    feed(fast);
    if (deflate->in_end - deflate->in < 2) return false;
    unsigned method = deflate->in[0], flags = deflate->in[1];
    if ((method & 15) != 8 || method >> 4 > 7 || (method << 8 | flags) % 31 != 0 || flags & 0x20) return false;
    deflate->in += 2;
    fast->adler = 1;
    deflate->out = fast->window;
    deflate->out_begin = fast->window;
    deflate->out_limit = fast->window + fast->window_bytes - FIXATIVE_DEFLATE_OUT_SLACK;
    fast->unread = fast->window;
    return true;
}

static bool allocate(fixative_fast_png *fast) {
    size_t batch_bytes = (fast->row_bytes + 1) * ROWS;
    size_t output_bytes = OUTPUT_BYTES > 2 * batch_bytes ? OUTPUT_BYTES : 2 * batch_bytes;
    fast->window_bytes = FIXATIVE_DEFLATE_HISTORY + output_bytes + FIXATIVE_DEFLATE_OUT_SLACK;
    // Unfiltering reads up to this many bytes past the last row in the window.
    fast->window = malloc(fast->window_bytes + FIXATIVE_UNFILTER_SLACK);
    size_t stride = fast->row_bytes + FIXATIVE_UNFILTER_SLACK;
    uint8_t *rows = calloc(2 * ROWS, stride);
    for (size_t index = 0; index < 2 * ROWS && rows; index++) fast->rows[index] = rows + stride * index;
    return fast->window && rows;
}

fixative_fast_png *fixative_fast_png_create(const uint8_t *bytes, const fixative_fast_png_layout *layout) {
    static const uint8_t pixel_bytes[7] = {1, 0, 3, 1, 2, 0, 4};
    uint32_t colour_type = layout->colour_type;
    if (layout->bit_depth != 8 || layout->is_interlaced || layout->has_transparency) return NULL;
    uint64_t row_bytes = (uint64_t)layout->width * pixel_bytes[colour_type];
    if (row_bytes > MAX_ROW_BYTES) return NULL;
    fixative_fast_png *fast = malloc(sizeof *fast);
    if (!fast) return NULL;
    memset(fast, 0, offsetof(fixative_fast_png, input) + INPUT_LEAD);
    fast->bytes = bytes;
    fast->layout = *layout;
    fast->pixel_bytes = pixel_bytes[colour_type];
    fast->row_bytes = (size_t)row_bytes;
    fast->next_chunk = layout->data_start;
    if (!allocate(fast) || !begin_stream(fast)) {
        fixative_fast_png_destroy(fast);
        return NULL;
    }
    return fast;
}

static bool unfilter_batch(fixative_fast_png *fast) {
    uint32_t left = fast->layout.height - fast->rows_unfiltered;
    size_t count = left < ROWS ? left : ROWS, stride = fast->row_bytes + 1;
    if (!inflate_rows(fast, count * stride)) return false;
    const uint8_t *filtered[ROWS];
    uint8_t filters[ROWS];
    for (size_t index = 0; index < count; index++) {
        filters[index] = fast->unread[stride * index];
        filtered[index] = fast->unread + stride * index + 1;
        if (filters[index] > 4) return false;
    }
    const uint8_t *above = fast->rows[fast->batch * ROWS + ROWS - 1];
    fast->batch ^= 1;
    uint8_t *const *rows = fast->rows + fast->batch * ROWS;
    if (count == ROWS) {
        fixative_unfilter_rows(filtered, filters, above, rows, fast->row_bytes, fast->pixel_bytes);
    } else {
        for (size_t index = 0; index < count; index++) {
            fixative_unfilter_row(
                filtered[index], filters[index], index ? rows[index - 1] : above, rows[index], fast->row_bytes,
                fast->pixel_bytes);
        }
    }
    fast->unread += count * stride;
    fast->rows_unfiltered += (uint32_t)count;
    return true;
}

/// Converts a row of any colour type to RGB or RGBA; false for an index that is not in the palette.
static bool expand(const fixative_fast_png *fast, const uint8_t *from, uint8_t *row) {
    uint32_t width = fast->layout.width;
    switch (fast->layout.colour_type) {
    case 0:
        for (uint32_t x = 0; x < width; x++, row += 3) row[0] = row[1] = row[2] = from[x];
        return true;
    case 3: {
        const uint8_t *palette = fast->layout.palette;
        for (uint32_t x = 0; x < width; x++, row += 3) {
            if (from[x] >= fast->layout.palette_count) return false;
            memcpy(row, palette + 3 * (size_t)from[x], 3);
        }
        return true;
    }
    case 4:
        for (uint32_t x = 0; x < width; x++, row += 4) {
            row[0] = row[1] = row[2] = from[2 * (size_t)x];
            row[3] = from[2 * (size_t)x + 1];
        }
        return true;
    default:
        memcpy(row, from, fast->row_bytes);
        return true;
    }
}

bool fixative_fast_png_row(fixative_fast_png *fast, uint8_t *row) {
    if (fast->rows_delivered == fast->rows_unfiltered && !unfilter_batch(fast)) return false;
    uint32_t index = fast->rows_delivered % ROWS;
    if (!expand(fast, fast->rows[fast->batch * ROWS + index], row)) return false;
    fast->rows_delivered += 1;
    return true;
}

bool fixative_fast_png_finish(fixative_fast_png *fast) {
    fixative_deflate *deflate = &fast->deflate;
    if (!inflate_rows(fast, 0)) return false;
    // Exactly the four bytes of the Adler-32 must be left, even if they are split over several IDAT chunks.
    while (!deflate->in_is_final) {
        if (deflate->in_end - deflate->in > 4) return false;
        feed(fast);
    }
    return deflate->in_end - deflate->in == 4 && big_endian(deflate->in) == fast->adler;
}
