#ifndef FIXATIVE_PNG_H
#define FIXATIVE_PNG_H

#include "fixative_status.h"

typedef struct fixative_png_header {
    uint32_t width;
    uint32_t height;
    /// Channels of the delivered rows: 3 (RGB) or 4 (RGBA).
    uint32_t channels;
    uint32_t bit_depth;
    uint32_t colour_type;
    uint32_t interlaced;
    /// Bytes per sample of the delivered rows: 1, or 2 in native byte order.
    uint32_t sample_bytes;
} fixative_png_header;

typedef struct fixative_png_reader fixative_png_reader;

/// Creates a reader for `bytes`, which must stay alive and unchanged until the reader is destroyed. The first `refuse_allocation`
/// allocations by libpng succeed and all later ones fail; a negative value never fails any. Returns null if the handle itself
/// cannot be allocated.
///
/// A fast path without libpng decodes 8-bit pictures that are not interlaced. If anything is unusual or invalid, libpng takes
/// over and reports every error. With a `refuse_allocation` of 0 or more, only libpng is used.
fixative_png_reader *_Nullable fixative_png_reader_create(
    const void *_Nullable bytes, size_t length, fixative_limits limits, int64_t refuse_allocation);

/// Disables the fast path, for tests that compare both decoders. Call it before the header is read.
void fixative_png_reader_forgo_fast(fixative_png_reader *_Nonnull reader);

/// Delivers 16-bit samples without scaling them to 8 bits. Call it before the header is read.
void fixative_png_reader_keep_16_bits(fixative_png_reader *_Nonnull reader);

/// 1 while the fast path decodes this file, 0 if libpng does.
uint32_t fixative_png_reader_is_fast(const fixative_png_reader *_Nonnull reader);

/// Reads all chunks and checks the limits before any row is decoded. Call it once.
fixative_status fixative_png_reader_header(fixative_png_reader *_Nonnull reader, fixative_png_header *_Nonnull header);

/// Delivers the next row from top to bottom. `row` has room for `capacity` bytes. For an interlaced picture, the first call
/// decodes the whole picture into a buffer of the reader.
fixative_status fixative_png_reader_row(fixative_png_reader *_Nonnull reader, void *_Nonnull row, size_t capacity);

/// Verifies the end of the data and reads to the end of IEND. `consumed` is the length of the PNG in bytes; trailing bytes may
/// follow it.
fixative_status fixative_png_reader_finish(fixative_png_reader *_Nonnull reader, size_t *_Nonnull consumed);

/// Why the last call failed; valid until the reader is destroyed.
const char *_Nonnull fixative_png_reader_message(const fixative_png_reader *_Nonnull reader);

void fixative_png_reader_destroy(fixative_png_reader *_Nullable reader);

/// Returns `FIXATIVE_OK` if all chunks needed for the picture are complete and valid. No limits apply, and no pixel is decoded.
fixative_status fixative_png_check_chunks(const void *_Nullable bytes, size_t length);

typedef struct fixative_png_settings {
    uint32_t width;
    uint32_t height;
    /// 3 (RGB) or 4 (RGBA), 8 bits each.
    uint32_t channels;
    /// zlib's level, 0 to 9.
    int32_t level;
    /// A combination of libpng's filter bits: 0x08 none, 0x10 sub, 0x20 up, 0x40 average, 0x80 Paeth.
    int32_t filters;
} fixative_png_settings;

typedef struct fixative_png_writer fixative_png_writer;

fixative_png_writer *_Nullable fixative_png_writer_create(fixative_png_settings settings, int64_t refuse_allocation);

/// Embeds an XMP packet in UTF-8 as an uncompressed iTXt chunk. Call it at most once, before the first row; the packet is copied.
fixative_status fixative_png_writer_xmp(fixative_png_writer *_Nonnull writer, const void *_Nonnull packet, size_t length);

/// Writes `count` rows of `stride` bytes each from `rows`, which holds `capacity` bytes.
fixative_status fixative_png_writer_rows(
    fixative_png_writer *_Nonnull writer, const void *_Nonnull rows, size_t stride, size_t capacity, uint32_t count);

/// Completes the file. `bytes` belongs to the writer and is valid until it is destroyed.
fixative_status fixative_png_writer_finish(
    fixative_png_writer *_Nonnull writer, const void *_Nullable *_Nonnull bytes, size_t *_Nonnull length);

const char *_Nonnull fixative_png_writer_message(const fixative_png_writer *_Nonnull writer);

void fixative_png_writer_destroy(fixative_png_writer *_Nullable writer);

/// The library's version, such as "1.6.39".
const char *_Nonnull fixative_png_library_version(void);

#endif
