#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cases.h"
#include "png_differential.h"

typedef struct writer {
    bytes stream;
    /// What a decoder that checks no code lengths would make of the stream.
    bytes content;
    uint64_t pending;
    unsigned count;
} writer;

static void put(writer *out, uint32_t value, unsigned count) {
    out->pending |= (uint64_t)value << out->count;
    out->count += count;
    while (out->count >= 8) {
        uint8_t byte = (uint8_t)out->pending;
        append(&out->stream, &byte, 1);
        out->pending >>= 8;
        out->count -= 8;
    }
}

static void flush(writer *out) {
    if (out->count) put(out, 0, 8 - out->count);
}

/// Code lengths of a complete code: a tree whose leaves are split until there are `leaves` of them.
static void random_lengths(uint64_t *random, uint8_t *lengths, unsigned symbols, unsigned leaves, unsigned longest) {
    uint8_t depths[288] = {1, 1};
    unsigned count = 2;
    for (int tries = 0; count < leaves && tries < 4000; tries++) {
        unsigned leaf = below(random, 4) ? below(random, count) : count - 1;
        if (depths[leaf] >= longest) continue;
        depths[leaf]++;
        depths[count++] = depths[leaf];
    }
    memset(lengths, 0, symbols);
    for (unsigned index = 0; index < count; index++) {
        unsigned symbol = below(random, symbols);
        while (lengths[symbol]) symbol = (symbol + 1) % symbols;
        lengths[symbol] = depths[index];
    }
}

static void assign_codes(const uint8_t *lengths, unsigned symbols, uint16_t *codes) {
    unsigned code = 0;
    for (unsigned bits = 1; bits <= 15; bits++, code <<= 1) {
        for (unsigned symbol = 0; symbol < symbols; symbol++) {
            if (lengths[symbol] != bits) continue;
            unsigned reversed = 0;
            for (unsigned bit = 0; bit < bits; bit++) reversed |= (code >> bit & 1) << (bits - 1 - bit);
            codes[symbol] = (uint16_t)reversed;
            code++;
        }
    }
}

static void put_lengths(writer *out, uint64_t *random, const uint8_t *lengths, unsigned count) {
    // Every length in four bits, without repeats; one header in 200 has a code for them that is not complete.
    for (unsigned index = 0; index < 19; index++) put(out, index < 3 || below(random, 4000) == 0 ? 0 : 4, 3);
    uint8_t even[19] = {4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0};
    uint16_t codes[19] = {0};
    assign_codes(even, 19, codes);
    for (unsigned index = 0; index < count; index++) put(out, codes[lengths[index]], 4);
}

static void copy_match(bytes *content, size_t distance, size_t length) {
    for (; length > 0; length--) {
        uint8_t byte = distance <= content->length ? content->data[content->length - distance] : 0;
        append(content, &byte, 1);
    }
}

static void put_dynamic_block(writer *out, uint64_t *random, bool is_last, bool is_first) {
    uint8_t lengths[288 + 32] = {0};
    unsigned literals = below(random, 30) ? 257 + below(random, 30) : 257 + below(random, 32);
    unsigned distances = below(random, 30) ? 1 + below(random, 30) : 1 + below(random, 32);
    random_lengths(random, lengths, literals, 2 + below(random, literals - 2), below(random, 3) ? 15 : 9);
    if (lengths[256] == 0 && below(random, 20)) {
        unsigned symbol = below(random, literals);
        while (lengths[symbol] == 0) symbol = (symbol + 1) % literals;
        lengths[256] = lengths[symbol];
        lengths[symbol] = 0;
    }
    uint8_t *distance_lengths = lengths + literals;
    memset(distance_lengths, 0, 32);
    unsigned kind = below(random, 6);
    if (kind == 0) distance_lengths[below(random, distances)] = 1;
    else if (kind > 1 && distances > 1) random_lengths(random, distance_lengths, distances, 2 + below(random, distances - 1), 15);
    // Codes that claim too much or too little.
    if (below(random, 5) == 0) {
        unsigned symbol = below(random, 8) ? below(random, literals + distances) : 256;
        lengths[symbol] = (uint8_t)below(random, 16);
    }
    put(out, is_last, 1);
    put(out, 2, 2);
    put(out, literals - 257, 5);
    put(out, distances - 1, 5);
    put(out, 15, 4);
    put_lengths(out, random, lengths, literals + distances);

    static const uint16_t bases[29] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
        131, 163, 195, 227, 258};
    static const uint8_t extras[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    uint16_t codes[288] = {0}, distance_codes[32] = {0};
    assign_codes(lengths, literals, codes);
    assign_codes(distance_lengths, distances, distance_codes);
    unsigned count = below(random, 400);
    for (unsigned done = 0; done < count; done++) {
        unsigned symbol = below(random, is_first && done < 40 ? 256 : literals);
        // The first byte is the row's filter.
        if (is_first && done == 0) symbol = below(random, 5);
        if (symbol == 256 || symbol > 285 || lengths[symbol] == 0) continue;
        unsigned distance = below(random, below(random, 20) ? (distances < 10 ? distances : 10) : distances);
        if (symbol > 256 && distance_lengths[distance] == 0 && below(random, 500)) continue;
        put(out, codes[symbol], lengths[symbol]);
        if (symbol < 256) {
            uint8_t literal = (uint8_t)symbol;
            append(&out->content, &literal, 1);
            continue;
        }
        uint32_t more = below(random, 1u << extras[symbol - 257]);
        put(out, more, extras[symbol - 257]);
        put(out, distance_codes[distance], distance_lengths[distance]);
        unsigned extra = distance < 2 ? 0 : distance / 2 - 1;
        uint32_t further = below(random, 1u << extra);
        put(out, further, extra);
        size_t base = distance < 2 ? 1 + distance : 1 + ((size_t)(2 + (distance & 1)) << extra);
        copy_match(&out->content, base + further, bases[symbol - 257] + more);
    }
    if (below(random, 100)) put(out, codes[256], lengths[256]);
}

static void put_stored_block(writer *out, uint64_t *random, bool is_last) {
    uint8_t content[600];
    unsigned count = below(random, sizeof content);
    for (unsigned index = 0; index < count; index++) content[index] = (uint8_t)below(random, 5);
    put(out, is_last, 1);
    put(out, 0, 2);
    flush(out);
    put(out, count, 16);
    put(out, ~count & 0xFFFF, 16);
    append(&out->stream, content, count);
    append(&out->content, content, count);
}

/// What zlib makes of a raw stream: the bytes before its end, or before the first fault.
static size_t inflated(const bytes *stream, uint8_t *target, size_t capacity) {
    z_stream z;
    memset(&z, 0, sizeof z);
    if (inflateInit2(&z, -15) != Z_OK) abort();
    z.next_in = stream->data;
    z.avail_in = (uInt)stream->length;
    z.next_out = target;
    z.avail_out = (uInt)capacity;
    inflate(&z, Z_FINISH);
    inflateEnd(&z);
    return z.total_out;
}

static void run_case(uint64_t seed, png_differential_counts *counts, uint8_t *scratch, size_t capacity) {
    uint64_t state = seed, *random = &state;
    writer out = {0};
    unsigned blocks = 1 + below(random, 3);
    for (unsigned block = 0; block < blocks; block++) {
        if (below(random, 6) == 0) put_stored_block(&out, random, block + 1 == blocks);
        else put_dynamic_block(&out, random, block + 1 == blocks, block == 0);
    }
    flush(&out);
    size_t length = out.content.length;
    if (below(random, 3) == 0) {
        out.stream.data[below(random, (uint32_t)out.stream.length)] ^= (uint8_t)(1u << below(random, 8));
        length = inflated(&out.stream, scratch, capacity);
    } else if (length <= capacity) {
        memcpy(scratch, out.content.data, length);
    }
    if (length < 2 || length > capacity) length = 2;
    bytes stream = {0}, png = {0};
    append(&stream, "\x78\x9C", 2);
    append(&stream, out.stream.data, out.stream.length);
    uint8_t adler[4];
    write_big_endian(adler, (uint32_t)adler32(1, scratch, (uInt)length));
    append(&stream, adler, 4);
    append_header(&png, (uint32_t)length - 1, 1, 8, 0, 0);
    append_chunk(&png, "IDAT", stream.data, stream.length);
    append_chunk(&png, "IEND", "", 0);
    png_differential_compare(png.data, png.length, seed, counts);
    free(out.stream.data);
    free(out.content.data);
    free(stream.data);
    free(png.data);
}

void png_differential_streams(uint64_t first_seed, uint64_t count, png_differential_counts *counts) {
    size_t capacity = 400000;
    uint8_t *scratch = calloc(capacity, 1);
    if (!scratch) abort();
    for (uint64_t seed = first_seed; seed < first_seed + count; seed++) run_case(seed, counts, scratch, capacity);
    free(scratch);
}
