#include <string.h>
#include <zlib.h>

#include "png_chunks.h"

enum { SCRATCH_BYTES = 32768 };

static uint64_t pass_bytes(uint64_t width, uint64_t height, uint32_t pixel_bits) {
    return width == 0 ? 0 : height * (1 + (width * pixel_bits + 7) / 8);
}

/// The total bytes of all rows with their filter bytes; for the passes of an interlaced picture see PNG, third edition, section
/// 8.2.
static uint64_t promised_bytes(const fixative_png_header *header) {
    static const uint32_t samples[7] = {1, 0, 3, 1, 2, 0, 4};
    static const uint32_t passes[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
    uint32_t pixel_bits = samples[header->colour_type] * header->bit_depth;
    if (!header->interlaced) return pass_bytes(header->width, header->height, pixel_bits);
    uint64_t sum = 0;
    for (int index = 0; index < 7; index++) {
        const uint32_t *pass = passes[index];
        uint64_t width = header->width <= pass[0] ? 0 : (header->width - pass[0] - 1) / pass[2] + 1;
        uint64_t height = header->height <= pass[1] ? 0 : (header->height - pass[1] - 1) / pass[3] + 1;
        sum += pass_bytes(width, height, pixel_bits);
    }
    return sum;
}

static bool refuse(fixative_fault *fault, fixative_status status, const char *detail) {
    fixative_fault_set(fault, status, "IDAT", detail);
    return false;
}

typedef struct stream {
    z_stream z;
    const fixative_png_chunks *chunks;
    const uint8_t *bytes;
    size_t next_chunk;
} stream;

/// Advances to the next IDAT chunk that has data; false after the last one.
static bool feed(stream *stream) {
    while (stream->z.avail_in == 0 && stream->next_chunk < stream->chunks->data_end) {
        const uint8_t *chunk = stream->bytes + stream->next_chunk;
        uint32_t length = fixative_big_endian(chunk);
        stream->z.next_in = (z_const Bytef *)(uintptr_t)(chunk + 8);
        stream->z.avail_in = length;
        stream->next_chunk += (size_t)length + 12;
    }
    return stream->z.avail_in > 0;
}

static bool inflate_all(stream *stream, uint64_t promised, fixative_fault *fault) {
    uint8_t scratch[SCRATCH_BYTES];
    uint64_t made = 0;
    for (;;) {
        bool has_input = feed(stream);
        stream->z.next_out = scratch;
        stream->z.avail_out = SCRATCH_BYTES;
        int code = inflate(&stream->z, Z_NO_FLUSH);
        made += SCRATCH_BYTES - stream->z.avail_out;
        if (made > promised) return refuse(fault, FIXATIVE_DAMAGED, "more data than the header promises");
        if (code == Z_STREAM_END) break;
        if (code == Z_MEM_ERROR) return refuse(fault, FIXATIVE_NO_MEMORY, "zlib ran out of memory");
        if (code == Z_NEED_DICT) return refuse(fault, FIXATIVE_DAMAGED, "it needs a dictionary");
        if (code != Z_OK && code != Z_BUF_ERROR) {
            return refuse(fault, FIXATIVE_DAMAGED, stream->z.msg ? stream->z.msg : "a broken stream");
        }
        if (!has_input && stream->z.avail_out > 0) return refuse(fault, FIXATIVE_DAMAGED, "the compressed stream is cut short");
    }
    if (made < promised) return refuse(fault, FIXATIVE_DAMAGED, "less data than the header promises");
    if (feed(stream)) return refuse(fault, FIXATIVE_DAMAGED, "data after the end of the compressed stream");
    return true;
}

bool fixative_png_stream_check(const fixative_png_chunks *chunks, const uint8_t *bytes, fixative_fault *fault) {
    stream stream = {.chunks = chunks, .bytes = bytes, .next_chunk = chunks->data_start};
    // Allow the maximum window size: a stated window that is too small is not an error.
    if (inflateInit(&stream.z) != Z_OK) return refuse(fault, FIXATIVE_NO_MEMORY, "zlib ran out of memory");
    bool is_sound = inflate_all(&stream, promised_bytes(&chunks->header), fault);
    inflateEnd(&stream.z);
    return is_sound;
}
