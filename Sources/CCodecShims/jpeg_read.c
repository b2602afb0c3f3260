// The contract of this file: libjpeg reports an error through `error_exit`, which calls `longjmp`, and that must not cross a
// Swift frame. Therefore every exported function calls `setjmp(reader->jump)` before it calls libjpeg, and keeps all state in the
// heap object behind the opaque pointer. It calls no Swift code in between. After a jump it only returns the recorded status.

#include "fixative_jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

#include "support.h"

#define STRINGIFY_TOKEN(token) #token
#define STRINGIFY(macro) STRINGIFY_TOKEN(macro)

// A progressive file can demand any number of passes over all coefficients, at about 700 bytes of file each. Encoders need about
// ten scans, and cjpeg cannot write more than 100.
#define MAX_SCANS 100

struct fixative_jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    void *(*pool_small)(j_common_ptr, int, size_t);
    void *(*pool_large)(j_common_ptr, int, size_t);
    int64_t allocations_left;
    const uint8_t *bytes;
    size_t length;
    fixative_limits limits;
    uint8_t *cmyk_row;
    bool created;
    bool started;
    bool keeps_inks;
    fixative_fault fault;
    jmp_buf jump;
};

static fixative_status status_of(int code) {
    switch (code) {
    case JERR_OUT_OF_MEMORY:
        return FIXATIVE_NO_MEMORY;
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_ARITH_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
        return FIXATIVE_UNSUPPORTED;
    case JERR_IMAGE_TOO_BIG:
        return FIXATIVE_LIMIT;
    default:
        return FIXATIVE_DAMAGED;
    }
}

static void fail(j_common_ptr jpeg) {
    fixative_jpeg_reader *reader = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    fixative_fault_set(&reader->fault, status_of(jpeg->err->msg_code), "libjpeg", text);
    longjmp(reader->jump, 1);
}

// libjpeg decodes a file truncated to 5 % of its size as success with a warning, so treat every warning as an error.
static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0) fail(jpeg);
}

static void on_output(j_common_ptr jpeg) {
    (void)jpeg;
}

static void on_progress(j_common_ptr jpeg) {
    fixative_jpeg_reader *reader = jpeg->client_data;
    if (reader->jpeg.input_scan_number <= MAX_SCANS) return;
    fixative_fault_set(&reader->fault, FIXATIVE_LIMIT, "the JPEG has too many scans", NULL);
    longjmp(reader->jump, 1);
}

// libjpeg has no allocator option, but its pool functions can be replaced, which is enough to make the n-th allocation fail.
static void refuse_if_told(fixative_jpeg_reader *reader) {
    if (!fixative_gate_refuses(&reader->allocations_left)) return;
    fixative_fault_set(&reader->fault, FIXATIVE_NO_MEMORY, "libjpeg ran out of memory", NULL);
    longjmp(reader->jump, 1);
}

static void *on_small(j_common_ptr jpeg, int pool, size_t size) {
    fixative_jpeg_reader *reader = jpeg->client_data;
    refuse_if_told(reader);
    return reader->pool_small(jpeg, pool, size);
}

static void *on_large(j_common_ptr jpeg, int pool, size_t size) {
    fixative_jpeg_reader *reader = jpeg->client_data;
    refuse_if_told(reader);
    return reader->pool_large(jpeg, pool, size);
}

static void on_source(j_decompress_ptr jpeg) {
    (void)jpeg;
}

static void end_of_bytes(fixative_jpeg_reader *reader) {
    fixative_fault_set(&reader->fault, FIXATIVE_TRUNCATED, "the file ends before the picture does", NULL);
    longjmp(reader->jump, 1);
}

static boolean on_fill(j_decompress_ptr jpeg) {
    end_of_bytes(jpeg->client_data);
    return FALSE;
}

static void on_skip(j_decompress_ptr jpeg, long count) {
    if (count <= 0) return;
    if ((size_t)count > jpeg->src->bytes_in_buffer) end_of_bytes(jpeg->client_data);
    jpeg->src->next_input_byte += count;
    jpeg->src->bytes_in_buffer -= (size_t)count;
}

fixative_jpeg_reader *fixative_jpeg_reader_create(
    const void *bytes, size_t length, fixative_limits limits, int64_t refuse_allocation) {
    fixative_jpeg_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return NULL;
    reader->bytes = bytes;
    reader->length = bytes ? length : 0;
    reader->limits = limits;
    reader->allocations_left = refuse_allocation;
    return reader;
}

static void create(fixative_jpeg_reader *reader) {
    reader->jpeg.err = jpeg_std_error(&reader->errors);
    reader->errors.error_exit = fail;
    reader->errors.emit_message = on_message;
    reader->errors.output_message = on_output;
    reader->jpeg.client_data = reader;
    reader->created = true;
    jpeg_create_decompress(&reader->jpeg);
    reader->pool_small = reader->jpeg.mem->alloc_small;
    reader->pool_large = reader->jpeg.mem->alloc_large;
    reader->jpeg.mem->alloc_small = on_small;
    reader->jpeg.mem->alloc_large = on_large;

    reader->source.init_source = on_source;
    reader->source.fill_input_buffer = on_fill;
    reader->source.skip_input_data = on_skip;
    reader->source.resync_to_restart = jpeg_resync_to_restart;
    reader->source.term_source = on_source;
    reader->source.next_input_byte = reader->bytes;
    reader->source.bytes_in_buffer = reader->length;
    reader->jpeg.src = &reader->source;
    reader->progress.progress_monitor = on_progress;
    reader->jpeg.progress = &reader->progress;
}

void fixative_jpeg_reader_keep_inks(fixative_jpeg_reader *reader) {
    reader->keeps_inks = true;
}

// The bytes of coefficients that libjpeg keeps until the last scan: 64 two-byte values per block.
static uint64_t bytes_of_coefficients(j_decompress_ptr jpeg) {
    uint64_t blocks = 0;
    if (!jpeg_has_multiple_scans(jpeg)) return 0;
    for (int index = 0; index < jpeg->num_components; index++) {
        const jpeg_component_info *component = &jpeg->comp_info[index];
        blocks += (uint64_t)component->width_in_blocks * component->height_in_blocks;
    }
    return blocks * DCTSIZE2 * sizeof(JCOEF);
}

fixative_status fixative_jpeg_reader_header(fixative_jpeg_reader *reader, fixative_jpeg_header *header) {
    if (reader->created || reader->fault.status != FIXATIVE_OK) return FIXATIVE_MISUSE;
    if (setjmp(reader->jump)) return reader->fault.status;
    create(reader);
    j_decompress_ptr jpeg = &reader->jpeg;
    jpeg_read_header(jpeg, TRUE);
    if (fixative_limits_check(reader->limits, jpeg->image_width, jpeg->image_height) != FIXATIVE_OK) {
        fixative_fault_set(&reader->fault, FIXATIVE_LIMIT, "the picture size in the JPEG header exceeds the limits", NULL);
        return reader->fault.status;
    }
    if (!fixative_limits_may_hold(reader->limits, bytes_of_coefficients(jpeg), &reader->fault)) return reader->fault.status;
    bool inks = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    if (jpeg->jpeg_color_space == JCS_UNKNOWN) {
        fixative_fault_set(&reader->fault, FIXATIVE_UNSUPPORTED, "the JPEG's components have no known colour space", NULL);
        return reader->fault.status;
    }
    jpeg->out_color_space = inks ? JCS_CMYK : JCS_RGB;
    header->width = jpeg->image_width;
    header->height = jpeg->image_height;
    header->components = (uint32_t)jpeg->num_components;
    header->progressive = jpeg->progressive_mode;
    header->inks = inks;
    return FIXATIVE_OK;
}

// x * y / 255, rounded; x and y are 0 to 255.
static inline uint8_t scaled(uint32_t x, uint32_t y) {
    uint32_t product = x * y + 128;
    return (uint8_t)((product + (product >> 8)) >> 8);
}

// Adobe stores inks inverted (255 is no ink). The JPEG standard does not define this, so a file without Adobe's marker is not
// inverted.
static void inks_to_rgb(const uint8_t *cmyk, uint8_t *rgb, size_t width, bool inverted) {
    uint32_t flip = inverted ? 0 : 255;
    for (size_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        uint32_t light = cmyk[3] ^ flip;
        rgb[0] = scaled(cmyk[0] ^ flip, light);
        rgb[1] = scaled(cmyk[1] ^ flip, light);
        rgb[2] = scaled(cmyk[2] ^ flip, light);
    }
}

static void invert(uint8_t *bytes, size_t count) {
    for (size_t index = 0; index < count; index++) bytes[index] ^= 255;
}

fixative_status fixative_jpeg_reader_row(fixative_jpeg_reader *reader, void *row, size_t capacity) {
    if (reader->fault.status != FIXATIVE_OK) return reader->fault.status;
    j_decompress_ptr jpeg = &reader->jpeg;
    if (!reader->created || jpeg->image_width == 0) return FIXATIVE_MISUSE;
    bool inks = jpeg->out_color_space == JCS_CMYK, in_place = inks && reader->keeps_inks;
    if (capacity / (in_place ? 4 : 3) < jpeg->image_width) return FIXATIVE_MISUSE;
    if (reader->started && jpeg->output_scanline >= jpeg->output_height) return FIXATIVE_MISUSE;
    if (setjmp(reader->jump)) return reader->fault.status;
    if (!reader->started) {
        jpeg_start_decompress(jpeg);
        if (inks && !in_place) {
            reader->cmyk_row = jpeg->mem->alloc_large((j_common_ptr)jpeg, JPOOL_IMAGE, (size_t)jpeg->image_width * 4);
        }
        reader->started = true;
    }
    JSAMPROW target = inks && !in_place ? reader->cmyk_row : row;
    jpeg_read_scanlines(jpeg, &target, 1);
    if (in_place && jpeg->saw_Adobe_marker) invert(row, (size_t)jpeg->image_width * 4);
    if (inks && !in_place) inks_to_rgb(reader->cmyk_row, row, jpeg->image_width, jpeg->saw_Adobe_marker);
    return FIXATIVE_OK;
}

fixative_status fixative_jpeg_reader_finish(fixative_jpeg_reader *reader, size_t *consumed) {
    if (reader->fault.status != FIXATIVE_OK) return reader->fault.status;
    if (!reader->started || reader->jpeg.output_scanline != reader->jpeg.output_height) return FIXATIVE_MISUSE;
    if (setjmp(reader->jump)) return reader->fault.status;
    jpeg_finish_decompress(&reader->jpeg);
    *consumed = reader->length - reader->source.bytes_in_buffer;
    return FIXATIVE_OK;
}

const char *fixative_jpeg_reader_message(const fixative_jpeg_reader *reader) {
    return reader->fault.message;
}

void fixative_jpeg_reader_destroy(fixative_jpeg_reader *reader) {
    if (!reader) return;
    if (reader->created) jpeg_destroy_decompress(&reader->jpeg);
    free(reader);
}

const char *fixative_jpeg_library_version(void) {
    return STRINGIFY(LIBJPEG_TURBO_VERSION);
}
