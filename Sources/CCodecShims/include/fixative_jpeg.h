#ifndef FIXATIVE_JPEG_H
#define FIXATIVE_JPEG_H

#include "fixative_status.h"

typedef struct fixative_jpeg_header {
    uint32_t width;
    uint32_t height;
    /// Components in the file: 1, 3 or 4. Rows are delivered as 8-bit RGB, or as inks if requested.
    uint32_t components;
    uint32_t progressive;
    /// Nonzero if the file has CMYK or YCCK.
    uint32_t inks;
} fixative_jpeg_header;

typedef struct fixative_jpeg_reader fixative_jpeg_reader;

/// Creates a reader for `bytes`, which must stay alive and unchanged until the reader is destroyed. Returns null if the handle
/// itself cannot be allocated.
///
/// `refuse_allocation` is for tests: this many allocations by libjpeg succeed, and all later allocations fail. With a negative
/// value, no allocation is refused.
fixative_jpeg_reader *_Nullable fixative_jpeg_reader_create(
    const void *_Nullable bytes, size_t length, fixative_limits limits, int64_t refuse_allocation);

/// Delivers CMYK and YCCK as cyan, magenta, yellow and black, where 255 is full ink; other files stay RGB. Call it before the
/// header is read.
void fixative_jpeg_reader_keep_inks(fixative_jpeg_reader *_Nonnull reader);

/// Reads up to the first scan and checks the limits. Call once.
fixative_status fixative_jpeg_reader_header(fixative_jpeg_reader *_Nonnull reader, fixative_jpeg_header *_Nonnull header);

/// Delivers the next row from top to bottom as RGB or inks. `row` has room for `capacity` bytes. For RGB, CMYK is converted
/// without a profile: R = (1 - C)(1 - K). Adobe's inverted storage is handled.
fixative_status fixative_jpeg_reader_row(fixative_jpeg_reader *_Nonnull reader, void *_Nonnull row, size_t capacity);

/// Reads to EOI. `consumed` is the length of the JPEG in bytes; trailing bytes may follow it.
fixative_status fixative_jpeg_reader_finish(fixative_jpeg_reader *_Nonnull reader, size_t *_Nonnull consumed);

/// Why the last call failed; valid until the reader is destroyed.
const char *_Nonnull fixative_jpeg_reader_message(const fixative_jpeg_reader *_Nonnull reader);

void fixative_jpeg_reader_destroy(fixative_jpeg_reader *_Nullable reader);

typedef struct fixative_jpeg_settings {
    uint32_t width;
    uint32_t height;
    /// 3 (RGB) or 4 (RGB and one ignored byte).
    uint32_t channels;
    /// libjpeg's quality, 1 to 100.
    int32_t quality;
    /// Halves the chroma resolution in both directions (4:2:0) instead of keeping it (4:4:4).
    uint32_t halves_chroma;
    /// Adds a second pass that optimizes the Huffman tables for the picture.
    uint32_t optimizes_huffman;
    uint32_t progressive;
} fixative_jpeg_settings;

typedef struct fixative_jpeg_writer fixative_jpeg_writer;

fixative_jpeg_writer *_Nullable fixative_jpeg_writer_create(fixative_jpeg_settings settings, int64_t refuse_allocation);

/// Writes one marker segment, such as APP1 (0xE1), of at most 65,533 bytes. Call before the first row.
fixative_status fixative_jpeg_writer_segment(
    fixative_jpeg_writer *_Nonnull writer, int32_t marker, const void *_Nonnull body, size_t length);

/// Embeds an ICC profile as APP2 segments. Call at most once, before the first row.
fixative_status fixative_jpeg_writer_profile(
    fixative_jpeg_writer *_Nonnull writer, const void *_Nonnull profile, size_t length);

/// Writes `count` rows of `stride` bytes each from `rows`, which holds `capacity` bytes.
fixative_status fixative_jpeg_writer_rows(
    fixative_jpeg_writer *_Nonnull writer, const void *_Nonnull rows, size_t stride, size_t capacity, uint32_t count);

/// Completes the file. `bytes` belongs to the writer and is valid until it is destroyed.
fixative_status fixative_jpeg_writer_finish(
    fixative_jpeg_writer *_Nonnull writer, const void *_Nullable *_Nonnull bytes, size_t *_Nonnull length);

const char *_Nonnull fixative_jpeg_writer_message(const fixative_jpeg_writer *_Nonnull writer);

void fixative_jpeg_writer_destroy(fixative_jpeg_writer *_Nullable writer);

/// The library's version, such as "1.6.39".
const char *_Nonnull fixative_jpeg_library_version(void);

#endif
