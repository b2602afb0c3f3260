#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cases.h"
#include "png_differential.h"

static void append_rows(bytes *rows, uint64_t *random, size_t row_bytes, uint32_t height) {
    static const uint8_t masks[] = {0xFF, 0x0F, 0x03, 0x80, 0x00};
    uint32_t only_filter = below(random, 12);
    for (uint32_t y = 0; y < height; y++) {
        uint8_t filter = (uint8_t)(only_filter < 5 ? only_filter : below(random, 5));
        append(rows, &filter, 1);
        size_t made = 0;
        while (made < row_bytes) {
            size_t run = 1 + below(random, 64);
            if (run > row_bytes - made) run = row_bytes - made;
            bool repeats = rows->length > 400 && below(random, 2) == 0;
            size_t distance = 1 + below(random, repeats ? (uint32_t)(below(random, 8) ? 300 : rows->length - 1) : 1);
            uint8_t mask = masks[below(random, 5)], offset = (uint8_t)next_random(random);
            for (size_t index = 0; index < run; index++) {
                uint8_t byte = repeats ? rows->data[rows->length - distance] : (uint8_t)(offset + (next_random(random) & mask));
                append(rows, &byte, 1);
            }
            made += run;
        }
    }
}

static void compress_rows(bytes *stream, uint64_t *random, const bytes *rows) {
    z_stream z;
    memset(&z, 0, sizeof z);
    int window = below(random, 4) ? 15 : 9 + (int)below(random, 7);
    int level = (int)below(random, 10), strategy = (int)below(random, 5), memory = 1 + (int)below(random, 9);
    if (deflateInit2(&z, level, Z_DEFLATED, window, memory, strategy) != Z_OK) abort();
    stream->capacity = deflateBound(&z, rows->length) + 4096;
    stream->data = malloc(stream->capacity);
    if (!stream->data) abort();
    z.next_out = stream->data;
    z.avail_out = (uInt)stream->capacity;
    z.next_in = rows->data;
    // Flushes make empty stored blocks and blocks of a few bytes.
    if (below(random, 4) == 0) {
        z.avail_in = below(random, (uint32_t)rows->length);
        deflate(&z, below(random, 2) ? Z_SYNC_FLUSH : Z_PARTIAL_FLUSH);
    }
    z.avail_in = (uInt)(rows->length - (size_t)(z.next_in - rows->data));
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort();
    stream->length = z.total_out;
    deflateEnd(&z);
}

static void append_ancillary(bytes *png, uint64_t *random) {
    static const char *const names[] = {"tEXt", "caBX", "gAMA", "iCCP", "prVt", "acTL", "eXIf", "pHYs", "bKGD", "sBIT"};
    uint8_t body[40];
    for (size_t index = 0; index < sizeof body; index++) body[index] = (uint8_t)next_random(random);
    if (below(random, 3) == 0) append_chunk(png, names[below(random, 10)], body, below(random, sizeof body));
    if (below(random, 100) == 0) append_chunk(png, "tRNS", body, below(random, 8));
    if (below(random, 200) == 0) append_chunk(png, "PLTE", body, 3 * below(random, 4));
    if (below(random, 200) == 0) append_chunk(png, "NeWc", body, 3);
    if (below(random, 200) == 0) append_chunk(png, "ab1d", body, 3);
}

static void append_data(bytes *png, uint64_t *random, const bytes *stream) {
    size_t piece = below(random, 3) ? stream->length : 1 + below(random, (uint32_t)stream->length);
    for (size_t done = 0; done < stream->length; done += piece) {
        size_t count = piece < stream->length - done ? piece : stream->length - done;
        append_chunk(png, "IDAT", stream->data + done, count);
        if (below(random, 300) == 0) append_chunk(png, below(random, 2) ? "IDAT" : "tEXt", "", 0);
    }
}

/// Damage of the zlib stream under right CRCs.
static void damage_stream(bytes *stream, uint64_t *random) {
    switch (below(random, 8)) {
    case 0:
        stream->length -= below(random, stream->length < 12 ? (uint32_t)stream->length : 12);
        break;
    case 1: {
        uint64_t junk = next_random(random);
        append(stream, &junk, below(random, 6));
        break;
    }
    case 2:
        stream->data[below(random, 2)] ^= (uint8_t)(1u << below(random, 8));
        break;
    case 3:
        if (stream->length > 4) stream->data[stream->length - 1 - below(random, 4)] ^= (uint8_t)(1u << below(random, 8));
        break;
    default: {
        // The beginning holds the first block's code lengths.
        size_t span = below(random, 2) || stream->length < 40 ? stream->length : 40;
        stream->data[below(random, (uint32_t)span)] ^= (uint8_t)(1u << below(random, 8));
        break;
    }
    }
}

/// Damage of the chunks, with and without putting the CRCs right.
static void damage_file(bytes *png, uint64_t *random) {
    size_t offsets[64], count = 0;
    // An earlier damage may have left a length that leads out of the file.
    for (size_t offset = 8; count < 64 && offset + 12 <= png->length; count++) {
        size_t span = (size_t)chunk_length(png->data + offset) + 12;
        if (span > png->length - offset) break;
        offsets[count] = offset;
        offset += span;
    }
    if (count == 0) return;
    size_t one = offsets[below(random, (uint32_t)count)], other = offsets[below(random, (uint32_t)count)];
    size_t one_length = chunk_length(png->data + one) + 12, other_length = chunk_length(png->data + other) + 12;
    switch (below(random, 6)) {
    case 0:
        png->length = below(random, (uint32_t)png->length);
        break;
    case 1:
        png->data[below(random, (uint32_t)png->length)] ^= (uint8_t)(1u << below(random, 8));
        break;
    case 2: {
        // A chunk leaves its place, or changes places with one behind it.
        bytes moved = {0};
        append(&moved, png->data, one);
        if (other > one) {
            append(&moved, png->data + other, other_length);
            append(&moved, png->data + one + one_length, other - one - one_length);
            append(&moved, png->data + one, one_length);
            append(&moved, png->data + other + other_length, png->length - other - other_length);
        } else {
            append(&moved, png->data + one + one_length, png->length - one - one_length);
        }
        free(png->data);
        *png = moved;
        break;
    }
    case 3: {
        bytes doubled = {0};
        append(&doubled, png->data, one + one_length);
        append(&doubled, png->data + one, png->length - one);
        free(png->data);
        *png = doubled;
        break;
    }
    case 4: {
        uint64_t junk = next_random(random);
        append(png, &junk, 1 + below(random, 7));
        break;
    }
    default: {
        uint8_t *chunk = png->data + one;
        size_t span = 4 + chunk_length(chunk);
        chunk[4 + below(random, (uint32_t)(below(random, 2) ? span : 4))] ^= (uint8_t)(1u << below(random, 8));
        write_big_endian(chunk + 4 + span, (uint32_t)crc32(0, chunk + 4, (uInt)span));
        break;
    }
    }
}

static void run_case(uint64_t seed, png_differential_counts *counts) {
    static const uint8_t colour_types[] = {0, 2, 3, 4, 6}, samples[] = {1, 3, 1, 2, 4};
    uint64_t state = seed, *random = &state;
    uint32_t kind = below(random, 5);
    // Some are larger than the window and the input buffer, so that both have to move.
    bool is_large = below(random, 150) == 0;
    uint32_t width = 1 + below(random, is_large ? 400 : 70), height = 1 + below(random, is_large ? 400 : 24);
    uint8_t depth = below(random, 60) ? 8 : 16, interlace = below(random, 60) == 0;
    bytes rows = {0}, stream = {0}, png = {0};
    append_rows(&rows, random, (size_t)width * samples[kind] * (depth / 8), height);
    if (below(random, 40) == 0) rows.data[below(random, (uint32_t)rows.length)] = (uint8_t)next_random(random);
    if (below(random, 40) == 0) rows.length -= 1 + below(random, (uint32_t)rows.length - 1);
    if (below(random, 40) == 0) append(&rows, "surplus", 1 + below(random, 7));
    compress_rows(&stream, random, &rows);

    bool is_sound = below(random, 4) == 0;
    if (!is_sound && below(random, 2)) damage_stream(&stream, random);
    append_header(&png, width, height, depth, colour_types[kind], interlace);
    append_ancillary(&png, random);
    uint8_t palette[256 * 3];
    for (size_t index = 0; index < sizeof palette; index++) palette[index] = (uint8_t)next_random(random);
    if (kind == 2 && below(random, 60)) {
        append_chunk(&png, "PLTE", palette, below(random, 8) ? sizeof palette : 3 * (1 + below(random, 256)));
    }
    append_ancillary(&png, random);
    append_data(&png, random, &stream);
    append_ancillary(&png, random);
    append_chunk(&png, "IEND", "", 0);
    if (!is_sound) {
        for (uint32_t times = below(random, 3); times > 0; times--) damage_file(&png, random);
    }
    png_differential_compare(png.data, png.length, seed, counts);
    free(rows.data);
    free(stream.data);
    free(png.data);
}

void png_differential_pictures(uint64_t first_seed, uint64_t count, png_differential_counts *counts) {
    for (uint64_t seed = first_seed; seed < first_seed + count; seed++) run_case(seed, counts);
}
