#include "cases.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

void append(bytes *target, const void *data, size_t length) {
    if (target->capacity - target->length < length) {
        target->capacity = (target->capacity + length) * 2;
        target->data = realloc(target->data, target->capacity);
        if (!target->data) abort();
    }
    if (length) memcpy(target->data + target->length, data, length);
    target->length += length;
}

void write_big_endian(uint8_t *to, uint32_t value) {
    for (int index = 0; index < 4; index++) to[index] = (uint8_t)(value >> (24 - 8 * index));
}

uint32_t chunk_length(const uint8_t *chunk) {
    return (uint32_t)chunk[0] << 24 | (uint32_t)chunk[1] << 16 | (uint32_t)chunk[2] << 8 | chunk[3];
}

void append_chunk(bytes *png, const char *name, const void *body, size_t length) {
    uint8_t number[4];
    write_big_endian(number, (uint32_t)length);
    append(png, number, 4);
    size_t start = png->length;
    append(png, name, 4);
    append(png, body, length);
    write_big_endian(number, (uint32_t)crc32(0, png->data + start, (uInt)(length + 4)));
    append(png, number, 4);
}

void append_header(bytes *png, uint32_t width, uint32_t height, uint8_t depth, uint8_t colour_type, uint8_t interlace) {
    uint8_t header[13] = {0};
    write_big_endian(header, width);
    write_big_endian(header + 4, height);
    header[8] = depth;
    header[9] = colour_type;
    header[12] = interlace;
    append(png, "\x89PNG\r\n\x1A\n", 8);
    append_chunk(png, "IHDR", header, sizeof header);
}

uint64_t next_random(uint64_t *state) {
    uint64_t value = *state += 0x9E3779B97F4A7C15;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
    value = (value ^ value >> 27) * 0x94D049BB133111EB;
    return value ^ value >> 31;
}

uint32_t below(uint64_t *state, uint32_t bound) {
    return (uint32_t)((next_random(state) >> 32) * bound >> 32);
}
