#include "mutators.h"

#include <string.h>

static uint32_t read_little_endian(const uint8_t *from) {
    return (uint32_t)from[3] << 24 | (uint32_t)from[2] << 16 | (uint32_t)from[1] << 8 | from[0];
}

static void write_little_endian(uint8_t *to, uint32_t value) {
    for (int index = 0; index < 4; index++) to[index] = (uint8_t)(value >> (8 * index));
}

// Clips the chunks in `data`, one after the other, to what is there; frames of an animation hold chunks themselves.
static void repair_chunks(uint8_t *data, size_t size) {
    size_t at = 0;
    while (size - at >= 8) {
        size_t room = size - at - 8;
        size_t length = read_little_endian(data + at + 4);
        if (length > room) {
            length = room;
            write_little_endian(data + at + 4, (uint32_t)length);
        }
        if (memcmp(data + at, "ANMF", 4) == 0 && length > 16) repair_chunks(data + at + 24, length - 16);
        length += length & 1;
        if (length >= room) return;
        at += 8 + length;
    }
}

size_t mutate_webp(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    size = LLVMFuzzerMutate(data, size, max_size);
    if (size < 20 || seed % 16 == 0) return size;
    memcpy(data, "RIFF", 4);
    memcpy(data + 8, "WEBP", 4);
    // RIFF counts whole words, and bytes behind its end are lawful: sometimes leave some.
    size_t end = seed % 16 == 1 && size > 64 ? size - 7 : size;
    end -= end & 1;
    write_little_endian(data + 4, (uint32_t)(end - 8));
    repair_chunks(data + 12, end - 12);
    return size;
}
