#include "mutators.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { SIGNATURE = 8, CHUNK_FRAME = 12, MAX_CHUNKS = 256, MAX_RAW = 1 << 20 };

typedef struct picture {
    uint8_t *data;
    size_t size;
    size_t max_size;
    unsigned seed;
    size_t count;
    size_t chunks[MAX_CHUNKS]; // offsets of the lengths
} picture;

static uint32_t read_big_endian(const uint8_t *from) {
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static void write_big_endian(uint8_t *to, uint32_t value) {
    for (int index = 0; index < 4; index++) to[index] = (uint8_t)(value >> (24 - 8 * index));
}

static unsigned below(picture *png, size_t bound) {
    png->seed = png->seed * 1664525u + 1013904223u;
    return (unsigned)(((uint64_t)png->seed * bound) >> 32);
}

static size_t body_length(const picture *png, size_t chunk) {
    return read_big_endian(png->data + png->chunks[chunk]);
}

static bool is_named(const picture *png, size_t chunk, const char *name) {
    return memcmp(png->data + png->chunks[chunk] + 4, name, 4) == 0;
}

// Notes where the chunks are. A length that points behind the end is clipped, so that what follows it is not lost.
static void find_chunks(picture *png) {
    png->count = 0;
    size_t at = SIGNATURE;
    while (png->count < MAX_CHUNKS && at < png->size && png->size - at >= CHUNK_FRAME) {
        size_t room = png->size - at - CHUNK_FRAME;
        if (read_big_endian(png->data + at) > room) write_big_endian(png->data + at, (uint32_t)room);
        png->chunks[png->count++] = at;
        at += CHUNK_FRAME + read_big_endian(png->data + at);
    }
}

static void repair_sums(picture *png) {
    find_chunks(png);
    for (size_t chunk = 0; chunk < png->count; chunk++) {
        uint8_t *name = png->data + png->chunks[chunk] + 4;
        size_t length = body_length(png, chunk);
        write_big_endian(name + 4 + length, (uint32_t)crc32(0, name, (uInt)(length + 4)));
    }
}

// Makes `bytes` of room for the body of a chunk that has another length now; what lies behind it moves.
static bool resize_body(picture *png, size_t chunk, size_t bytes) {
    size_t length = body_length(png, chunk), start = png->chunks[chunk] + 8;
    if (bytes > length && bytes - length > png->max_size - png->size) return false;
    memmove(png->data + start + bytes, png->data + start + length, png->size - start - length);
    png->size = png->size - length + bytes;
    write_big_endian(png->data + png->chunks[chunk], (uint32_t)bytes);
    return true;
}

static void mutate_one_body(picture *png) {
    size_t chunk = below(png, png->count), length = body_length(png, chunk);
    size_t room = png->max_size - png->size;
    if (room > 4096) room = 4096;
    uint8_t *body = malloc(length + room + 1);
    if (!body) return;
    memcpy(body, png->data + png->chunks[chunk] + 8, length);
    size_t now = length + room ? LLVMFuzzerMutate(body, length, length + room) : 0;
    if (resize_body(png, chunk, now)) memcpy(png->data + png->chunks[chunk] + 8, body, now);
    free(body);
}

static void move_one_chunk(picture *png) {
    size_t from = below(png, png->count), to = below(png, png->count);
    size_t length = body_length(png, from) + CHUNK_FRAME, start = png->chunks[from], target = png->chunks[to];
    uint8_t *chunk = malloc(length);
    if (!chunk) return;
    memcpy(chunk, png->data + start, length);
    unsigned way = below(png, 3);
    if (way != 0) { // 0 only copies it
        memmove(png->data + start, png->data + start + length, png->size - start - length);
        png->size -= length;
        if (target > start) target -= length;
    }
    if (way != 1 && target <= png->size && length <= png->max_size - png->size) { // 1 only takes it out
        memmove(png->data + target + length, png->data + target, png->size - target);
        memcpy(png->data + target, chunk, length);
        png->size += length;
    }
    free(chunk);
}

// The bodies of all IDAT chunks; null when there are none.
static uint8_t *gathered_stream(const picture *png, size_t *length) {
    uint8_t *stream = malloc(png->size + 16);
    *length = 0;
    if (!stream) return NULL;
    for (size_t chunk = 0; chunk < png->count; chunk++) {
        if (!is_named(png, chunk, "IDAT")) continue;
        memcpy(stream + *length, png->data + png->chunks[chunk] + 8, body_length(png, chunk));
        *length += body_length(png, chunk);
    }
    return stream;
}

// Puts the stream into the first IDAT, or cuts it into two in the middle, and empties all others.
static void scatter_stream(picture *png, const uint8_t *stream, size_t length) {
    bool is_first = true;
    for (size_t chunk = 0; chunk < png->count; chunk++) {
        if (!is_named(png, chunk, "IDAT")) continue;
        size_t part = is_first ? length : 0;
        if (!resize_body(png, chunk, part)) return;
        memcpy(png->data + png->chunks[chunk] + 8, stream, part);
        is_first = false;
        find_chunks(png);
    }
    if (is_first || length < 2 || below(png, 2) || png->max_size - png->size < CHUNK_FRAME) return;
    for (size_t chunk = 0; chunk < png->count; chunk++) {
        if (!is_named(png, chunk, "IDAT") || body_length(png, chunk) != length) continue;
        size_t cut = below(png, length), at = png->chunks[chunk] + 8 + cut;
        memmove(png->data + at + CHUNK_FRAME, png->data + at, png->size - at);
        png->size += CHUNK_FRAME;
        write_big_endian(png->data + png->chunks[chunk], (uint32_t)cut);
        write_big_endian(png->data + at + 4, (uint32_t)(length - cut));
        memcpy(png->data + at + 8, "IDAT", 4);
        return;
    }
}

// What the stream inflates to, as far as it is sound; null when that is nothing or too much. `used` is the length of its deflate
// part with the header, `ends` whether its last block was seen.
static uint8_t *inflated(const uint8_t *stream, size_t length, size_t *raw_length, size_t *used, bool *ends) {
    z_stream state = {0};
    uint8_t *raw = length > 2 ? malloc(MAX_RAW) : NULL;
    if (!raw || inflateInit2(&state, -15) != Z_OK) {
        free(raw);
        return NULL;
    }
    state.next_in = (Bytef *)(uintptr_t)(stream + 2);
    state.avail_in = (uInt)(length - 2);
    state.next_out = raw;
    state.avail_out = MAX_RAW;
    *ends = inflate(&state, Z_FINISH) == Z_STREAM_END;
    *raw_length = state.total_out;
    *used = 2 + state.total_in;
    inflateEnd(&state);
    if (*raw_length) return raw;
    free(raw);
    return NULL;
}

// The rows before compression: filter bytes and samples.
static void mutate_rows(picture *png) {
    size_t length, raw_length = 0, used;
    bool ends;
    uint8_t *stream = gathered_stream(png, &length);
    uint8_t *raw = stream ? inflated(stream, length, &raw_length, &used, &ends) : NULL;
    if (raw) {
        if (raw_length < MAX_RAW) raw_length = LLVMFuzzerMutate(raw, raw_length, below(png, 4) ? raw_length : MAX_RAW);
        uLongf packed_length = compressBound((uLong)raw_length);
        uint8_t *packed = malloc(packed_length);
        int level = (int[]){0, 1, 6, 9}[below(png, 4)];
        if (packed && compress2(packed, &packed_length, raw, (uLong)raw_length, level) == Z_OK) {
            scatter_stream(png, packed, packed_length);
        }
        free(packed);
    }
    free(raw);
    free(stream);
}

// The compressed stream itself, with the sum of what it now inflates to behind it.
static void mutate_stream(picture *png) {
    size_t length, raw_length = 0, used = 0;
    bool ends = false;
    uint8_t *stream = gathered_stream(png, &length);
    if (!stream) return;
    if (length) length = LLVMFuzzerMutate(stream, length, png->size);
    if (length >= 2 && below(png, 4)) {
        stream[0] = 0x78;
        stream[1] = 0x9C;
    }
    uint8_t *raw = inflated(stream, length, &raw_length, &used, &ends);
    if (raw && ends && used <= png->size + 12) {
        write_big_endian(stream + used, (uint32_t)adler32(1, raw, (uInt)raw_length));
        if (length < used + 4 || below(png, 4)) length = used + 4;
    }
    free(raw);
    scatter_stream(png, stream, length);
    free(stream);
}

size_t mutate_png(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    picture png = {.data = data, .size = size, .max_size = max_size, .seed = seed};
    if (size < SIGNATURE + CHUNK_FRAME || max_size < size) return LLVMFuzzerMutate(data, size, max_size);
    if (below(&png, 16) == 0) return LLVMFuzzerMutate(data, size, max_size);
    find_chunks(&png);
    unsigned way = below(&png, 10);
    if (way < 3) mutate_one_body(&png);
    else if (way < 4) move_one_chunk(&png);
    else if (way < 6) mutate_rows(&png);
    else if (way < 8) mutate_stream(&png);
    else png.size = LLVMFuzzerMutate(data, size, max_size);
    if (png.size < SIGNATURE) return png.size;
    memcpy(data, "\x89PNG\r\n\x1A\n", SIGNATURE);
    repair_sums(&png);
    return png.size;
}
