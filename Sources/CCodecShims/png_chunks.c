#include <string.h>

#include "checksums.h"
#include "png_fast.h"

// libpng refuses larger chunks than 8 MB unless they are image data that the picture's size explains.
enum { MAX_CHUNK = 4000000 };

typedef struct walker {
    fixative_png_chunks *chunks;
    fixative_limits limits;
    bool has_header;
    bool data_has_ended;
} walker;

static bool is_letter(uint8_t byte) {
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool is_named(const uint8_t *name, const char *expected) {
    return memcmp(name, expected, 4) == 0;
}

static uint64_t data_bytes(const fixative_png_header *header) {
    static const uint8_t samples[7] = {1, 0, 3, 1, 2, 0, 4};
    return ((uint64_t)header->width * samples[header->colour_type] + 1) * header->height;
}

static bool read_header(walker *walker, const uint8_t *body, uint32_t length) {
    fixative_png_header *header = &walker->chunks->header;
    if (walker->has_header || length != 13) return false;
    walker->has_header = true;
    header->width = fixative_big_endian(body);
    header->height = fixative_big_endian(body + 4);
    header->bit_depth = body[8];
    header->colour_type = body[9];
    header->interlaced = 0;
    header->sample_bytes = 1;
    if (header->width == 0 || header->height == 0) return false;
    if (header->width > 0x7FFFFFFF || header->height > 0x7FFFFFFF) return false;
    if (fixative_limits_check(walker->limits, header->width, header->height) != FIXATIVE_OK) return false;
    if (header->bit_depth != 8 || body[10] != 0 || body[11] != 0 || body[12] != 0) return false;
    if (header->colour_type > 6 || header->colour_type == 1 || header->colour_type == 5) return false;
    header->channels = header->colour_type == 4 || header->colour_type == 6 ? 4 : 3;
    return true;
}

static bool read_palette(walker *walker, const uint8_t *body, uint32_t length) {
    fixative_png_chunks *chunks = walker->chunks;
    // A suggested palette beside RGB is lawful, but too rare to be worth another rule here.
    if (chunks->header.colour_type != 3 || chunks->palette || chunks->data_start) return false;
    if (length == 0 || length % 3 != 0 || length > 3 * 256) return false;
    chunks->palette = body;
    chunks->palette_count = length / 3;
    return true;
}

static bool read_chunk(walker *walker, const uint8_t *chunk, uint32_t length, size_t offset) {
    fixative_png_chunks *chunks = walker->chunks;
    const uint8_t *name = chunk + 4, *body = chunk + 8;
    if (!is_letter(name[0]) || !is_letter(name[1]) || !is_letter(name[2]) || !is_letter(name[3])) return false;
    if (is_named(name, "IHDR")) return read_header(walker, body, length);
    if (!walker->has_header) return false;
    if (is_named(name, "IDAT")) {
        if (walker->data_has_ended || length == 0) return false;
        if (chunks->header.colour_type == 3 && !chunks->palette) return false;
        if (length > MAX_CHUNK && length > data_bytes(&chunks->header)) return false;
        if (!chunks->data_start) chunks->data_start = offset;
        return true;
    }
    walker->data_has_ended = chunks->data_start != 0;
    if (length > MAX_CHUNK) return false;
    if (is_named(name, "PLTE")) return read_palette(walker, body, length);
    if (is_named(name, "IEND")) return length == 0 && chunks->data_start != 0;
    bool is_ancillary = name[0] >= 'a';
    return is_ancillary && !is_named(name, "tRNS");
}

bool fixative_png_chunks_read(fixative_png_chunks *chunks, const uint8_t *bytes, size_t length, fixative_limits limits) {
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    memset(chunks, 0, sizeof *chunks);
    walker walker = {.chunks = chunks, .limits = limits};
    if (length < sizeof signature || memcmp(bytes, signature, sizeof signature) != 0) return false;
    size_t offset = sizeof signature;
    while (chunks->end == 0) {
        if (length - offset < 12) return false;
        const uint8_t *chunk = bytes + offset;
        uint32_t body_length = fixative_big_endian(chunk);
        if (body_length > length - offset - 12) return false;
        if (!read_chunk(&walker, chunk, body_length, offset)) return false;
        if (fixative_crc32(0, chunk + 4, (size_t)body_length + 4) != fixative_big_endian(chunk + 8 + body_length)) return false;
        offset += (size_t)body_length + 12;
        if (is_named(chunk + 4, "IEND")) chunks->end = offset;
    }
    return true;
}
