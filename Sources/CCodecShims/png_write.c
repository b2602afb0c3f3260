// The contract of this file: libpng reports an error with `longjmp`, which must not cross a Swift frame. Therefore every exported
// function calls `setjmp(writer->jump)` before it calls libpng, and keeps all state in the heap object behind the opaque pointer.
// It calls no Swift code in between. After a jump it only returns the recorded status.

#include "fixative_png.h"

#include <limits.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

struct fixative_png_writer {
    png_structp png;
    png_infop info;
    fixative_png_settings settings;
    fixative_sink sink;
    /// An XMP packet with a terminating zero byte, or null.
    char *xmp;
    size_t xmp_length;
    uint32_t next_row;
    int64_t allocations_left;
    fixative_fault fault;
    jmp_buf jump;
};

static void on_error(png_structp png, png_const_charp message) {
    fixative_png_writer *writer = png_get_error_ptr(png);
    fixative_fault_set(&writer->fault, FIXATIVE_MISUSE, "libpng", message);
    longjmp(writer->jump, 1);
}

static png_voidp on_malloc(png_structp png, png_alloc_size_t size) {
    fixative_png_writer *writer = png_get_mem_ptr(png);
    void *memory = fixative_gate_refuses(&writer->allocations_left) ? NULL : malloc(size);
    if (!memory) fixative_fault_set(&writer->fault, FIXATIVE_NO_MEMORY, "libpng ran out of memory", NULL);
    return memory;
}

static void on_free(png_structp png, png_voidp memory) {
    (void)png;
    free(memory);
}

static void on_write(png_structp png, png_bytep source, size_t count) {
    fixative_png_writer *writer = png_get_io_ptr(png);
    if (!fixative_sink_reserve(&writer->sink, count)) {
        fixative_fault_set(&writer->fault, FIXATIVE_NO_MEMORY, "no memory for the PNG", NULL);
        png_error(png, "no memory");
    }
    memcpy(writer->sink.bytes + writer->sink.length, source, count);
    writer->sink.length += count;
}

static void on_flush(png_structp png) {
    (void)png;
}

fixative_png_writer *fixative_png_writer_create(fixative_png_settings settings, int64_t refuse_allocation) {
    fixative_png_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return NULL;
    writer->settings = settings;
    writer->allocations_left = refuse_allocation;
    return writer;
}

fixative_status fixative_png_writer_xmp(fixative_png_writer *writer, const void *packet, size_t length) {
    if (writer->fault.status != FIXATIVE_OK) return writer->fault.status;
    if (writer->png || writer->xmp || length == 0 || length > INT_MAX) return FIXATIVE_MISUSE;
    writer->xmp = malloc(length + 1);
    if (!writer->xmp) {
        fixative_fault_set(&writer->fault, FIXATIVE_NO_MEMORY, "no memory for the XMP packet", NULL);
        return writer->fault.status;
    }
    memcpy(writer->xmp, packet, length);
    writer->xmp[length] = 0;
    writer->xmp_length = length;
    return FIXATIVE_OK;
}

// XMP specification, part 3, section 1.1.5: uncompressed, so that other programs can find the packet by scanning the bytes.
static void embed_xmp(fixative_png_writer *writer) {
    png_text text = {
        .compression = PNG_ITXT_COMPRESSION_NONE,
        .key = "XML:com.adobe.xmp",
        .text = writer->xmp,
        .itxt_length = writer->xmp_length,
        .lang = "",
        .lang_key = "",
    };
    png_set_text(writer->png, writer->info, &text, 1);
}

static fixative_status start(fixative_png_writer *writer) {
    fixative_png_settings *settings = &writer->settings;
    writer->png = png_create_write_struct_2(
        PNG_LIBPNG_VER_STRING, writer, on_error, on_error, writer, on_malloc, on_free);
    if (writer->png) writer->info = png_create_info_struct(writer->png);
    if (!writer->info) {
        fixative_fault_set(&writer->fault, FIXATIVE_NO_MEMORY, "libpng could not be started", NULL);
        return writer->fault.status;
    }
    png_set_write_fn(writer->png, writer, on_write, on_flush);
    png_set_user_limits(writer->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    int colour_type = settings->channels == 4 ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB;
    png_set_IHDR(
        writer->png, writer->info, settings->width, settings->height, 8, colour_type, PNG_INTERLACE_NONE,
        PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(writer->png, settings->level);
    png_set_filter(writer->png, PNG_FILTER_TYPE_BASE, settings->filters);
    if (writer->xmp) embed_xmp(writer);
    png_write_info(writer->png, writer->info);
    return FIXATIVE_OK;
}

fixative_status fixative_png_writer_rows(
    fixative_png_writer *writer, const void *rows, size_t stride, size_t capacity, uint32_t count) {
    if (writer->fault.status != FIXATIVE_OK) return writer->fault.status;
    size_t row_bytes = (size_t)writer->settings.width * writer->settings.channels;
    if (writer->settings.channels != 3 && writer->settings.channels != 4) return FIXATIVE_MISUSE;
    if (count > writer->settings.height - writer->next_row || stride < row_bytes) return FIXATIVE_MISUSE;
    if (count > 0 && (capacity < row_bytes || (capacity - row_bytes) / stride < count - 1)) return FIXATIVE_MISUSE;
    if (setjmp(writer->jump)) return writer->fault.status;
    if (!writer->png && start(writer) != FIXATIVE_OK) return writer->fault.status;
    for (uint32_t y = 0; y < count; y++) {
        png_write_row(writer->png, (const uint8_t *)rows + stride * y);
        writer->next_row += 1;
    }
    return FIXATIVE_OK;
}

fixative_status fixative_png_writer_finish(fixative_png_writer *writer, const void **bytes, size_t *length) {
    if (writer->fault.status != FIXATIVE_OK) return writer->fault.status;
    if (!writer->png || writer->next_row != writer->settings.height) return FIXATIVE_MISUSE;
    if (setjmp(writer->jump)) return writer->fault.status;
    png_write_end(writer->png, NULL);
    *bytes = writer->sink.bytes;
    *length = writer->sink.length;
    return FIXATIVE_OK;
}

const char *fixative_png_writer_message(const fixative_png_writer *writer) {
    return writer->fault.message;
}

void fixative_png_writer_destroy(fixative_png_writer *writer) {
    if (!writer) return;
    png_destroy_write_struct(&writer->png, &writer->info);
    free(writer->sink.bytes);
    free(writer->xmp);
    free(writer);
}
