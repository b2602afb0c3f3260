// The contract of this file: libjpeg reports an error through `error_exit`, which calls `longjmp`, and that must not cross a
// Swift frame. Therefore every exported function calls `setjmp(writer->jump)` before it calls libjpeg, and keeps all state in the
// heap object behind the opaque pointer. It calls no Swift code in between. After a jump it only returns the recorded status.

#include "fixative_jpeg.h"

#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

#include "support.h"

struct fixative_jpeg_writer {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    void *(*pool_small)(j_common_ptr, int, size_t);
    void *(*pool_large)(j_common_ptr, int, size_t);
    int64_t allocations_left;
    fixative_jpeg_settings settings;
    fixative_sink sink;
    bool created;
    bool started;
    fixative_fault fault;
    jmp_buf jump;
};

static void no_memory(fixative_jpeg_writer *writer) {
    fixative_fault_set(&writer->fault, FIXATIVE_NO_MEMORY, "no memory for the JPEG", NULL);
    longjmp(writer->jump, 1);
}

static void fail(j_common_ptr jpeg) {
    fixative_jpeg_writer *writer = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    fixative_status status = jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? FIXATIVE_NO_MEMORY : FIXATIVE_MISUSE;
    fixative_fault_set(&writer->fault, status, "libjpeg", text);
    longjmp(writer->jump, 1);
}

static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0) fail(jpeg);
}

static void on_output(j_common_ptr jpeg) {
    (void)jpeg;
}

static void *on_small(j_common_ptr jpeg, int pool, size_t size) {
    fixative_jpeg_writer *writer = jpeg->client_data;
    if (fixative_gate_refuses(&writer->allocations_left)) no_memory(writer);
    return writer->pool_small(jpeg, pool, size);
}

static void *on_large(j_common_ptr jpeg, int pool, size_t size) {
    fixative_jpeg_writer *writer = jpeg->client_data;
    if (fixative_gate_refuses(&writer->allocations_left)) no_memory(writer);
    return writer->pool_large(jpeg, pool, size);
}

// libjpeg uses the free part of the sink as its buffer. When libjpeg reports it full, all of it has been written.
static void offer_space(fixative_jpeg_writer *writer) {
    if (!fixative_sink_reserve(&writer->sink, 1)) no_memory(writer);
    writer->destination.next_output_byte = writer->sink.bytes + writer->sink.length;
    writer->destination.free_in_buffer = writer->sink.capacity - writer->sink.length;
}

static void on_begin(j_compress_ptr jpeg) {
    offer_space(jpeg->client_data);
}

static boolean on_full(j_compress_ptr jpeg) {
    fixative_jpeg_writer *writer = jpeg->client_data;
    writer->sink.length = writer->sink.capacity;
    offer_space(writer);
    return TRUE;
}

static void on_end(j_compress_ptr jpeg) {
    fixative_jpeg_writer *writer = jpeg->client_data;
    writer->sink.length = writer->sink.capacity - writer->destination.free_in_buffer;
}

fixative_jpeg_writer *fixative_jpeg_writer_create(fixative_jpeg_settings settings, int64_t refuse_allocation) {
    fixative_jpeg_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return NULL;
    writer->settings = settings;
    writer->allocations_left = refuse_allocation;
    return writer;
}

static void configure(fixative_jpeg_writer *writer) {
    j_compress_ptr jpeg = &writer->jpeg;
    const fixative_jpeg_settings *settings = &writer->settings;
    jpeg->image_width = settings->width;
    jpeg->image_height = settings->height;
    jpeg->input_components = (int)settings->channels;
    jpeg->in_color_space = settings->channels == 4 ? JCS_EXT_RGBX : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, settings->quality, TRUE);
    jpeg->comp_info[0].h_samp_factor = settings->halves_chroma ? 2 : 1;
    jpeg->comp_info[0].v_samp_factor = settings->halves_chroma ? 2 : 1;
    jpeg->optimize_coding = settings->optimizes_huffman != 0;
    if (settings->progressive) jpeg_simple_progression(jpeg);
}

static void start(fixative_jpeg_writer *writer) {
    if (writer->started) return;
    writer->jpeg.err = jpeg_std_error(&writer->errors);
    writer->errors.error_exit = fail;
    writer->errors.emit_message = on_message;
    writer->errors.output_message = on_output;
    writer->jpeg.client_data = writer;
    writer->created = true;
    jpeg_create_compress(&writer->jpeg);
    writer->pool_small = writer->jpeg.mem->alloc_small;
    writer->pool_large = writer->jpeg.mem->alloc_large;
    writer->jpeg.mem->alloc_small = on_small;
    writer->jpeg.mem->alloc_large = on_large;
    writer->destination.init_destination = on_begin;
    writer->destination.empty_output_buffer = on_full;
    writer->destination.term_destination = on_end;
    writer->jpeg.dest = &writer->destination;
    configure(writer);
    jpeg_start_compress(&writer->jpeg, TRUE);
    writer->started = true;
}

static bool has_rows(const fixative_jpeg_writer *writer) {
    return writer->started && writer->jpeg.next_scanline > 0;
}

fixative_status fixative_jpeg_writer_segment(
    fixative_jpeg_writer *writer, int32_t marker, const void *body, size_t length) {
    if (writer->fault.status != FIXATIVE_OK) return writer->fault.status;
    if (has_rows(writer) || length > 65533) return FIXATIVE_MISUSE;
    if (setjmp(writer->jump)) return writer->fault.status;
    start(writer);
    jpeg_write_marker(&writer->jpeg, marker, body, (unsigned int)length);
    return FIXATIVE_OK;
}

fixative_status fixative_jpeg_writer_profile(fixative_jpeg_writer *writer, const void *profile, size_t length) {
    if (writer->fault.status != FIXATIVE_OK) return writer->fault.status;
    if (has_rows(writer) || length == 0 || length > UINT_MAX) return FIXATIVE_MISUSE;
    if (setjmp(writer->jump)) return writer->fault.status;
    start(writer);
    jpeg_write_icc_profile(&writer->jpeg, profile, (unsigned int)length);
    return FIXATIVE_OK;
}

fixative_status fixative_jpeg_writer_rows(
    fixative_jpeg_writer *writer, const void *rows, size_t stride, size_t capacity, uint32_t count) {
    if (writer->fault.status != FIXATIVE_OK) return writer->fault.status;
    size_t row_bytes = (size_t)writer->settings.width * writer->settings.channels;
    uint32_t done = writer->started ? writer->jpeg.next_scanline : 0;
    if (writer->settings.channels != 3 && writer->settings.channels != 4) return FIXATIVE_MISUSE;
    if (count > writer->settings.height - done || stride < row_bytes) return FIXATIVE_MISUSE;
    if (count > 0 && (capacity < row_bytes || (capacity - row_bytes) / stride < count - 1)) return FIXATIVE_MISUSE;
    if (setjmp(writer->jump)) return writer->fault.status;
    start(writer);
    for (uint32_t y = 0; y < count; y++) {
        JSAMPROW row = (JSAMPROW)rows + stride * y;
        jpeg_write_scanlines(&writer->jpeg, &row, 1);
    }
    return FIXATIVE_OK;
}

fixative_status fixative_jpeg_writer_finish(fixative_jpeg_writer *writer, const void **bytes, size_t *length) {
    if (writer->fault.status != FIXATIVE_OK) return writer->fault.status;
    if (!writer->started || writer->jpeg.next_scanline != writer->settings.height) return FIXATIVE_MISUSE;
    if (setjmp(writer->jump)) return writer->fault.status;
    jpeg_finish_compress(&writer->jpeg);
    *bytes = writer->sink.bytes;
    *length = writer->sink.length;
    return FIXATIVE_OK;
}

const char *fixative_jpeg_writer_message(const fixative_jpeg_writer *writer) {
    return writer->fault.message;
}

void fixative_jpeg_writer_destroy(fixative_jpeg_writer *writer) {
    if (!writer) return;
    if (writer->created) jpeg_destroy_compress(&writer->jpeg);
    free(writer->sink.bytes);
    free(writer);
}
