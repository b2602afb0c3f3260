// The contract of this file: libpng reports an error with `longjmp`, which must not cross a Swift frame. Therefore every exported
// function calls `setjmp(reader->jump)` before it calls libpng, and keeps all state in the heap object behind the opaque pointer.
// It calls no Swift code in between. After a jump it only returns the recorded status.

#include "fixative_png.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "fixative_checksums.h"
#include "fixative_fast_png.h"
#include "png_chunks.h"
#include "support.h"

/// A byte range of the file, or of the reader's own memory, that is passed to libpng.
typedef struct part {
    const uint8_t *bytes;
    size_t length;
} part;

enum { PART_HEADER, PART_PALETTE, PART_TRANSPARENCY, PART_DATA, PART_END, PART_COUNT };

struct fixative_png_reader {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t length;
    fixative_png_chunks chunks;
    /// In file order. Other chunks are hidden from libpng: its limits and warnings about them do not concern the picture.
    part parts[PART_COUNT];
    size_t part;
    size_t position_in_part;
    uint8_t transparency_chunk[12 + 256];
    fixative_limits limits;
    int64_t allocations_left;
    uint32_t width;
    uint32_t height;
    uint32_t next_row;
    size_t row_bytes;
    bool interlaced;
    bool forgoes_fast;
    bool keeps_16_bits;
    /// The fast reader, while it decodes. libpng is started only after this pointer is null.
    fixative_fast_png *fast;
    uint8_t *frame;
    fixative_fault fault;
    jmp_buf jump;
};

static void on_error(png_structp png, png_const_charp message) {
    fixative_png_reader *reader = png_get_error_ptr(png);
    fixative_fault_set(&reader->fault, FIXATIVE_DAMAGED, "libpng", message);
    longjmp(reader->jump, 1);
}

static png_voidp on_malloc(png_structp png, png_alloc_size_t size) {
    fixative_png_reader *reader = png_get_mem_ptr(png);
    void *memory = fixative_gate_refuses(&reader->allocations_left) ? NULL : malloc(size);
    if (!memory) fixative_fault_set(&reader->fault, FIXATIVE_NO_MEMORY, "libpng ran out of memory", NULL);
    return memory;
}

static void on_free(png_structp png, png_voidp memory) {
    (void)png;
    free(memory);
}

static void on_read(png_structp png, png_bytep target, size_t count) {
    fixative_png_reader *reader = png_get_io_ptr(png);
    while (count > 0 && reader->part < PART_COUNT) {
        const part *part = &reader->parts[reader->part];
        size_t left = part->length - reader->position_in_part, taken = count < left ? count : left;
        if (taken) memcpy(target, part->bytes + reader->position_in_part, taken);
        reader->position_in_part += taken;
        target += taken;
        count -= taken;
        if (reader->position_in_part < part->length) continue;
        reader->part += 1;
        reader->position_in_part = 0;
    }
    if (count > 0) png_error(png, "read past the end");
}

fixative_png_reader *fixative_png_reader_create(
    const void *bytes, size_t length, fixative_limits limits, int64_t refuse_allocation) {
    fixative_png_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return NULL;
    reader->bytes = bytes;
    reader->length = bytes ? length : 0;
    reader->limits = limits;
    reader->allocations_left = refuse_allocation;
    reader->forgoes_fast = refuse_allocation >= 0;
    return reader;
}

void fixative_png_reader_forgo_fast(fixative_png_reader *reader) {
    reader->forgoes_fast = true;
}

void fixative_png_reader_keep_16_bits(fixative_png_reader *reader) {
    reader->keeps_16_bits = true;
}

uint32_t fixative_png_reader_is_fast(const fixative_png_reader *reader) {
    return reader->fast ? 1 : 0;
}

static void write_big_endian(uint8_t *to, uint32_t value) {
    for (int index = 0; index < 4; index++) to[index] = (uint8_t)(value >> (24 - 8 * index));
}

static part transparency_part(fixative_png_reader *reader) {
    uint32_t length = reader->chunks.transparency_length;
    if (length == 0) return (part){reader->transparency_chunk, 0};
    uint8_t *chunk = reader->transparency_chunk;
    write_big_endian(chunk, length);
    memcpy(chunk + 4, "tRNS", 4);
    memcpy(chunk + 8, reader->chunks.transparency, length);
    write_big_endian(chunk + 8 + length, fixative_crc32(0, chunk + 4, (size_t)length + 4));
    return (part){chunk, (size_t)length + 12};
}

static void choose_parts(fixative_png_reader *reader) {
    const fixative_png_chunks *chunks = &reader->chunks;
    const uint8_t *bytes = reader->bytes;
    bool needs_palette = chunks->header.colour_type == 3 && chunks->palette;
    const uint8_t *palette = needs_palette ? chunks->palette - 8 : bytes;
    reader->parts[PART_HEADER] = (part){bytes, 33};
    reader->parts[PART_PALETTE] = (part){palette, needs_palette ? (size_t)fixative_big_endian(palette) + 12 : 0};
    reader->parts[PART_TRANSPARENCY] = transparency_part(reader);
    reader->parts[PART_DATA] = (part){bytes + chunks->data_start, chunks->data_end - chunks->data_start};
    reader->parts[PART_END] = (part){bytes + chunks->end - 12, 12};
}

static bool is_little_endian(void) {
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 1;
}

static void deliver_colour(fixative_png_reader *reader, int bit_depth, int colour_type) {
    png_set_expand(reader->png);
    if (bit_depth == 16 && !reader->keeps_16_bits) png_set_scale_16(reader->png);
    if (bit_depth == 16 && reader->keeps_16_bits && is_little_endian()) png_set_swap(reader->png);
    if (!(colour_type & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(reader->png);
    if (reader->interlaced) png_set_interlace_handling(reader->png);
    png_read_update_info(reader->png, reader->info);
}

/// The bytes of an interlaced picture, which must be held whole; 0 for any other picture.
static uint64_t held_bytes(const fixative_png_reader *reader) {
    const fixative_png_header *header = &reader->chunks.header;
    if (!header->interlaced) return 0;
    bool has_alpha = (header->colour_type & PNG_COLOR_MASK_ALPHA) || reader->chunks.transparency_length > 0;
    uint64_t sample_bytes = header->bit_depth == 16 && reader->keeps_16_bits ? 2 : 1;
    return (uint64_t)header->width * header->height * (has_alpha ? 4 : 3) * sample_bytes;
}

static fixative_status start_libpng(fixative_png_reader *reader, fixative_png_header *header) {
    if (setjmp(reader->jump)) return reader->fault.status;
    if (!fixative_limits_may_hold(reader->limits, held_bytes(reader), &reader->fault)) return reader->fault.status;
    // libpng does not verify the end of a stream whose checksum is split over two of its buffers, and it ignores IDAT chunks
    // after it.
    if (!fixative_png_stream_check(&reader->chunks, reader->bytes, &reader->fault)) return reader->fault.status;

    // A warning means that the file violates the format, so it is handled like an error.
    reader->png = png_create_read_struct_2(
        PNG_LIBPNG_VER_STRING, reader, on_error, on_error, reader, on_malloc, on_free);
    if (reader->png) reader->info = png_create_info_struct(reader->png);
    if (!reader->info) {
        fixative_fault_set(&reader->fault, FIXATIVE_NO_MEMORY, "libpng could not be started", NULL);
        return reader->fault.status;
    }
    png_set_read_fn(reader->png, reader, on_read);
    png_set_crc_action(reader->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_benign_errors(reader->png, 0);
    png_set_user_limits(reader->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    // IDAT is inflated in pieces, so its length takes no memory.
    png_set_chunk_malloc_max(reader->png, 0);
    // Accept a stated window that is too small. By default libpng rejects it only for some positions of rows in its buffers.
    png_set_option(reader->png, PNG_MAXIMUM_INFLATE_WINDOW, PNG_OPTION_ON);
    choose_parts(reader);
    png_read_info(reader->png, reader->info);

    int bit_depth = 0, colour_type = 0, interlace = 0;
    png_get_IHDR(reader->png, reader->info, &reader->width, &reader->height, &bit_depth, &colour_type, &interlace, NULL, NULL);
    reader->interlaced = interlace != PNG_INTERLACE_NONE;
    deliver_colour(reader, bit_depth, colour_type);

    uint32_t channels = png_get_channels(reader->png, reader->info);
    uint32_t sample_bytes = bit_depth == 16 && reader->keeps_16_bits ? 2 : 1;
    reader->row_bytes = png_get_rowbytes(reader->png, reader->info);
    if ((channels != 3 && channels != 4) || reader->row_bytes != (size_t)reader->width * channels * sample_bytes) {
        fixative_fault_set(&reader->fault, FIXATIVE_UNSUPPORTED, "libpng offers an unexpected pixel layout", NULL);
        return reader->fault.status;
    }
    header->width = reader->width;
    header->height = reader->height;
    header->channels = channels;
    header->bit_depth = (uint32_t)bit_depth;
    header->colour_type = (uint32_t)colour_type;
    header->interlaced = reader->interlaced;
    header->sample_bytes = sample_bytes;
    return FIXATIVE_OK;
}

static void start_fast(fixative_png_reader *reader, fixative_png_header *header) {
    const fixative_png_chunks *chunks = &reader->chunks;
    const fixative_fast_png_layout layout = {
        .width = chunks->header.width, .height = chunks->header.height, .bit_depth = chunks->header.bit_depth,
        .colour_type = chunks->header.colour_type, .is_interlaced = chunks->header.interlaced != 0,
        .has_transparency = chunks->transparency_length != 0, .palette = chunks->palette,
        .palette_count = chunks->palette_count, .data_start = chunks->data_start, .data_end = chunks->data_end,
    };
    reader->fast = fixative_fast_png_create(reader->bytes, &layout);
    if (!reader->fast) return;
    *header = chunks->header;
    header->channels = fixative_fast_png_channels(reader->fast);
    header->sample_bytes = 1;
}

fixative_status fixative_png_reader_header(fixative_png_reader *reader, fixative_png_header *header) {
    if (reader->png || reader->fast || reader->fault.status != FIXATIVE_OK) return FIXATIVE_MISUSE;
    if (!fixative_png_chunks_read(&reader->chunks, reader->bytes, reader->length, reader->limits, &reader->fault)) {
        return reader->fault.status;
    }
    if (!reader->forgoes_fast) start_fast(reader, header);
    if (!reader->fast) return start_libpng(reader, header);
    reader->width = header->width;
    reader->height = header->height;
    reader->row_bytes = (size_t)header->width * header->channels;
    return FIXATIVE_OK;
}

static fixative_status skip_delivered_rows(fixative_png_reader *reader) {
    if (setjmp(reader->jump)) return reader->fault.status;
    for (uint32_t y = 0; y < reader->next_row; y++) png_read_row(reader->png, NULL, NULL);
    return FIXATIVE_OK;
}

// The fast path has declined at some row. Restart with libpng, and continue after the rows already delivered.
static fixative_status hand_over_to_libpng(fixative_png_reader *reader) {
    fixative_fast_png_destroy(reader->fast);
    reader->fast = NULL;
    fixative_png_header header;
    fixative_status status = start_libpng(reader, &header);
    return status == FIXATIVE_OK ? skip_delivered_rows(reader) : status;
}

// In Adam7, pixels of the first row arrive as late as the second to last pass, so rows can be delivered only from a complete
// frame.
static void decode_interlaced_frame(fixative_png_reader *reader) {
    reader->frame = png_malloc(reader->png, (png_alloc_size_t)reader->row_bytes * reader->height);
    for (int pass = 0; pass < 7; pass++) {
        for (uint32_t y = 0; y < reader->height; y++) {
            png_read_row(reader->png, reader->frame + reader->row_bytes * y, NULL);
        }
    }
}

fixative_status fixative_png_reader_row(fixative_png_reader *reader, void *row, size_t capacity) {
    if (reader->fault.status != FIXATIVE_OK) return reader->fault.status;
    if (reader->row_bytes == 0 || reader->next_row >= reader->height || capacity < reader->row_bytes) return FIXATIVE_MISUSE;
    if (reader->fast) {
        if (fixative_fast_png_row(reader->fast, row)) {
            reader->next_row += 1;
            return FIXATIVE_OK;
        }
        fixative_status status = hand_over_to_libpng(reader);
        if (status != FIXATIVE_OK) return status;
    }
    if (setjmp(reader->jump)) return reader->fault.status;
    if (reader->interlaced) {
        if (!reader->frame) decode_interlaced_frame(reader);
        memcpy(row, reader->frame + reader->row_bytes * reader->next_row, reader->row_bytes);
    } else {
        png_read_row(reader->png, row, NULL);
    }
    reader->next_row += 1;
    return FIXATIVE_OK;
}

fixative_status fixative_png_reader_finish(fixative_png_reader *reader, size_t *consumed) {
    if (reader->fault.status != FIXATIVE_OK) return reader->fault.status;
    if (reader->row_bytes == 0 || reader->next_row != reader->height) return FIXATIVE_MISUSE;
    if (reader->fast) {
        if (fixative_fast_png_finish(reader->fast)) {
            *consumed = reader->chunks.end;
            return FIXATIVE_OK;
        }
        fixative_status status = hand_over_to_libpng(reader);
        if (status != FIXATIVE_OK) return status;
    }
    if (setjmp(reader->jump)) return reader->fault.status;
    png_read_end(reader->png, NULL);
    *consumed = reader->chunks.end;
    return FIXATIVE_OK;
}

fixative_status fixative_png_check_chunks(const void *bytes, size_t length) {
    const fixative_limits limits = {.max_side = UINT32_MAX, .max_pixels = UINT64_MAX};
    fixative_png_chunks chunks;
    fixative_fault fault = {0};
    fixative_png_chunks_read(&chunks, bytes, bytes ? length : 0, limits, &fault);
    return fault.status;
}

const char *fixative_png_reader_message(const fixative_png_reader *reader) {
    return reader->fault.message;
}

void fixative_png_reader_destroy(fixative_png_reader *reader) {
    if (!reader) return;
    fixative_fast_png_destroy(reader->fast);
    free(reader->frame);
    png_destroy_read_struct(&reader->png, &reader->info, NULL);
    free(reader);
}

const char *fixative_png_library_version(void) {
    return png_get_libpng_ver(NULL);
}
