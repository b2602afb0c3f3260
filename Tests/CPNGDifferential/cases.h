#ifndef PNG_DIFFERENTIAL_CASES_H
#define PNG_DIFFERENTIAL_CASES_H

#include <stddef.h>
#include <stdint.h>

typedef struct bytes {
    uint8_t *data;
    size_t length;
    size_t capacity;
} bytes;

void append(bytes *target, const void *data, size_t length);
void append_chunk(bytes *png, const char *name, const void *body, size_t length);
void append_header(bytes *png, uint32_t width, uint32_t height, uint8_t depth, uint8_t colour_type, uint8_t interlace);
uint32_t chunk_length(const uint8_t *chunk);
void write_big_endian(uint8_t *to, uint32_t value);

/// SplitMix64, so that a seed means the same case on every machine.
uint64_t next_random(uint64_t *state);
/// 0 to `bound` - 1.
uint32_t below(uint64_t *state, uint32_t bound);

#endif
