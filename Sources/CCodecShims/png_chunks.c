#include <string.h>

#include "fixative_checksums.h"
#include "png_chunks.h"

// PNG, third edition (W3C), sections 5 and 11. Only this file validates the chunks; both decoders see only the chunks it accepts.
// Critical chunks and an effective tRNS must be valid. Other ancillary chunks are skipped even if invalid, because they do not
// affect the pixels. MetadataCollector+PNG.swift reports errors in them.

enum { IHDR_BYTES = 13 };

typedef struct walker {
    fixative_png_chunks *chunks;
    fixative_fault *fault;
    bool has_header;
    bool data_has_ended;
} walker;

typedef struct chunk {
    char name[5];
    const uint8_t *body;
    uint32_t length;
    size_t offset;
    bool is_sound;
} chunk;

static bool is_letter(uint8_t byte) {
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool is_named(const chunk *chunk, const char *expected) {
    return memcmp(chunk->name, expected, 4) == 0;
}

static bool refuse(walker *walker, fixative_status status, const char *source, const char *detail) {
    fixative_fault_set(walker->fault, status, source, detail);
    return false;
}

static bool is_lawful_depth(uint32_t colour_type, uint32_t depth) {
    switch (colour_type) {
    case 0: return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    case 3: return depth == 1 || depth == 2 || depth == 4 || depth == 8;
    case 2: case 4: case 6: return depth == 8 || depth == 16;
    default: return false;
    }
}

static bool read_header(walker *walker, const chunk *chunk) {
    fixative_png_header *header = &walker->chunks->header;
    if (walker->has_header) return refuse(walker, FIXATIVE_DAMAGED, "IHDR", "it occurs twice");
    if (chunk->length != IHDR_BYTES) return refuse(walker, FIXATIVE_DAMAGED, "IHDR", "it has the wrong length");
    const uint8_t *body = chunk->body;
    walker->has_header = true;
    header->width = fixative_big_endian(body);
    header->height = fixative_big_endian(body + 4);
    header->bit_depth = body[8];
    header->colour_type = body[9];
    header->interlaced = body[12];
    if (header->width == 0 || header->height == 0 || header->width > 0x7FFFFFFF || header->height > 0x7FFFFFFF) {
        return refuse(walker, FIXATIVE_DAMAGED, "IHDR", "an impossible size");
    }
    if (!is_lawful_depth(header->colour_type, header->bit_depth) || body[10] != 0 || body[11] != 0 || body[12] > 1) {
        return refuse(walker, FIXATIVE_DAMAGED, "IHDR", "an unknown kind of picture");
    }
    return true;
}

static bool read_palette(walker *walker, const chunk *chunk) {
    fixative_png_chunks *chunks = walker->chunks;
    uint32_t colour_type = chunks->header.colour_type;
    if (chunks->palette) return refuse(walker, FIXATIVE_DAMAGED, "PLTE", "it occurs twice");
    if (chunks->data_start) return refuse(walker, FIXATIVE_DAMAGED, "PLTE", "it comes after IDAT");
    if (colour_type == 0 || colour_type == 4) return refuse(walker, FIXATIVE_DAMAGED, "PLTE", "a grey picture must not have it");
    if (chunk->length == 0 || chunk->length % 3 != 0 || chunk->length > 3 * 256) {
        return refuse(walker, FIXATIVE_DAMAGED, "PLTE", "it has the wrong length");
    }
    uint32_t largest = colour_type == 3 ? 1u << chunks->header.bit_depth : 256;
    chunks->palette = chunk->body;
    chunks->palette_count = chunk->length / 3 < largest ? chunk->length / 3 : largest;
    return true;
}

// Section 11.3.1.1: of a 16-bit sample value, only the low bits up to the picture's bit depth are used.
static void take_sample(fixative_png_chunks *chunks, const uint8_t *body, uint32_t index) {
    uint32_t mask = (1u << chunks->header.bit_depth) - 1;
    uint32_t sample = ((uint32_t)body[2 * index] << 8 | body[2 * index + 1]) & mask;
    chunks->transparency[2 * index] = (uint8_t)(sample >> 8);
    chunks->transparency[2 * index + 1] = (uint8_t)sample;
}

// A tRNS at the wrong position or of the wrong length has no effect. `PNGTransparency` applies the same rule.
static bool read_transparency(walker *walker, const chunk *chunk) {
    fixative_png_chunks *chunks = walker->chunks;
    uint32_t colour_type = chunks->header.colour_type, length = chunk->length;
    if (chunks->data_start || chunks->transparency_length) return true;
    bool is_effective = colour_type == 0 ? length == 2
        : colour_type == 2 ? length == 6
        : colour_type == 3 && chunks->palette && length > 0 && length <= fixative_big_endian(chunks->palette - 8) / 3;
    if (!is_effective) return true;
    if (!chunk->is_sound) return refuse(walker, FIXATIVE_DAMAGED, "tRNS", "CRC error");
    if (colour_type == 3) {
        chunks->transparency_length = length < chunks->palette_count ? length : chunks->palette_count;
        memcpy(chunks->transparency, chunk->body, chunks->transparency_length);
    } else {
        for (uint32_t index = 0; index < length / 2; index++) take_sample(chunks, chunk->body, index);
        chunks->transparency_length = length;
    }
    return true;
}

// Section 5.6: IDAT chunks must be consecutive. Section 11.2.3: an IDAT chunk may be empty.
static bool read_data(walker *walker, const chunk *chunk) {
    fixative_png_chunks *chunks = walker->chunks;
    if (walker->data_has_ended) return refuse(walker, FIXATIVE_DAMAGED, "IDAT", "other chunks lie between the IDAT chunks");
    if (chunks->header.colour_type == 3 && !chunks->palette) return refuse(walker, FIXATIVE_DAMAGED, "IDAT", "no PLTE before it");
    if (!chunks->data_start) chunks->data_start = chunk->offset;
    chunks->data_end = chunk->offset + 12 + chunk->length;
    return true;
}

static bool read_end(walker *walker, const chunk *chunk) {
    fixative_png_chunks *chunks = walker->chunks;
    if (chunk->length != 0) return refuse(walker, FIXATIVE_DAMAGED, "IEND", "it is not empty");
    if (!chunks->data_start) return refuse(walker, FIXATIVE_DAMAGED, "IEND", "no IDAT before it");
    chunks->end = chunk->offset + 12;
    return true;
}

static bool read_chunk(walker *walker, const chunk *chunk) {
    bool is_critical = chunk->name[0] < 'a';
    if (is_critical && !chunk->is_sound) return refuse(walker, FIXATIVE_DAMAGED, chunk->name, "CRC error");
    if (is_named(chunk, "IHDR")) return read_header(walker, chunk);
    if (!walker->has_header) return refuse(walker, FIXATIVE_DAMAGED, chunk->name, "it comes before IHDR");
    if (is_named(chunk, "IDAT")) return read_data(walker, chunk);
    walker->data_has_ended = walker->chunks->data_start != 0;
    if (is_named(chunk, "PLTE")) return read_palette(walker, chunk);
    if (is_named(chunk, "IEND")) return read_end(walker, chunk);
    if (is_named(chunk, "tRNS")) return read_transparency(walker, chunk);
    return is_critical ? refuse(walker, FIXATIVE_DAMAGED, chunk->name, "unknown critical chunk") : true;
}

static bool find_chunk(walker *walker, const uint8_t *bytes, size_t left, chunk *chunk) {
    if (left < 12) return refuse(walker, FIXATIVE_TRUNCATED, "the file ends before the picture does", NULL);
    chunk->length = fixative_big_endian(bytes);
    if (chunk->length > 0x7FFFFFFF) return refuse(walker, FIXATIVE_DAMAGED, "a chunk is longer than the format allows", NULL);
    for (int index = 4; index < 8; index++) {
        if (!is_letter(bytes[index])) return refuse(walker, FIXATIVE_DAMAGED, "a chunk has no valid name", NULL);
    }
    memcpy(chunk->name, bytes + 4, 4);
    chunk->name[4] = 0;
    if (chunk->length > left - 12) return refuse(walker, FIXATIVE_TRUNCATED, "the file ends before the picture does", NULL);
    chunk->body = bytes + 8;
    chunk->is_sound = fixative_crc32(0, bytes + 4, (size_t)chunk->length + 4) == fixative_big_endian(chunk->body + chunk->length);
    return true;
}

bool fixative_png_chunks_read(
    fixative_png_chunks *chunks, const uint8_t *bytes, size_t length, fixative_limits limits, fixative_fault *fault) {
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    memset(chunks, 0, sizeof *chunks);
    walker walker = {.chunks = chunks, .fault = fault};
    if (length < sizeof signature) return refuse(&walker, FIXATIVE_TRUNCATED, "the file ends before the picture does", NULL);
    if (memcmp(bytes, signature, sizeof signature) != 0) return refuse(&walker, FIXATIVE_DAMAGED, "no PNG signature", NULL);
    for (size_t offset = sizeof signature; chunks->end == 0;) {
        chunk chunk = {.offset = offset};
        if (!find_chunk(&walker, bytes + offset, length - offset, &chunk) || !read_chunk(&walker, &chunk)) return false;
        if (is_named(&chunk, "IHDR") && fixative_limits_check(limits, chunks->header.width, chunks->header.height) != FIXATIVE_OK) {
            return refuse(&walker, FIXATIVE_LIMIT, "the picture size in the PNG header exceeds the limits", NULL);
        }
        offset += (size_t)chunk.length + 12;
    }
    return true;
}
