#ifndef FIXATIVE_PNG_H
#define FIXATIVE_PNG_H

#include "fixative_status.h"

typedef struct fixative_png_header {
    uint32_t width;
    uint32_t height;
    /// Channels of the rows that will be delivered: 3 (RGB) or 4 (RGBA).
    uint32_t channels;
    uint32_t bit_depth;
    uint32_t colour_type;
    uint32_t interlaced;
    /// Bytes a sample of the rows that will be delivered: 1, or 2 in the processor's byte order.
    uint32_t sample_bytes;
} fixative_png_header;

typedef struct fixative_png_reader fixative_png_reader;

/// Makes a reader over `bytes`, which must stay alive and unchanged until the reader is destroyed.
/// `refuse_allocation` counts libpng's allocations down and refuses the one that finds it at 0; negative never refuses.
/// 8-bit pictures that are not interlaced are decoded without libpng, which takes over where anything is unusual or wrong, and
/// gives every verdict; a reader that refuses allocations uses libpng alone. Returns null when there is no memory for the
/// handle itself.
fixative_png_reader *_Nullable fixative_png_reader_create(
    const void *_Nullable bytes, size_t length, fixative_limits limits, int64_t refuse_allocation);

/// Makes libpng decode everything. For tests that compare; call before the header is read.
void fixative_png_reader_forgo_fast(fixative_png_reader *_Nonnull reader);

/// Delivers 16-bit samples as they are stored, not scaled to 8 bits; call before the header is read.
void fixative_png_reader_keep_16_bits(fixative_png_reader *_Nonnull reader);

/// 1 while the fast path decodes this file, 0 when libpng does.
uint32_t fixative_png_reader_is_fast(const fixative_png_reader *_Nonnull reader);

/// Looks at all chunks, and checks the limits before any row is decoded. Call once.
fixative_status fixative_png_reader_header(fixative_png_reader *_Nonnull reader, fixative_png_header *_Nonnull header);

/// Delivers the next row, top to bottom, into `row`, which has room for `capacity` bytes.
/// The first call on an interlaced picture decodes all of it into memory of the reader's own.
fixative_status fixative_png_reader_row(fixative_png_reader *_Nonnull reader, void *_Nonnull row, size_t capacity);

/// Checks the end of the data and reads to the end of IEND; `consumed` is the length of the PNG, after which trailing bytes may follow.
fixative_status fixative_png_reader_finish(fixative_png_reader *_Nonnull reader, size_t *_Nonnull consumed);

/// Why the last call failed; valid until the reader is destroyed.
const char *_Nonnull fixative_png_reader_message(const fixative_png_reader *_Nonnull reader);

void fixative_png_reader_destroy(fixative_png_reader *_Nullable reader);

/// `FIXATIVE_OK` when the chunks that make the picture are whole and sound, whatever its size. No pixel is decoded.
fixative_status fixative_png_check_chunks(const void *_Nullable bytes, size_t length);

typedef struct fixative_png_settings {
    uint32_t width;
    uint32_t height;
    /// 3 (RGB) or 4 (RGBA), 8 bits each.
    uint32_t channels;
    /// zlib's level, 0 to 9.
    int32_t level;
    /// A union of libpng's filter bits: 0x08 none, 0x10 sub, 0x20 up, 0x40 average, 0x80 Paeth.
    int32_t filters;
} fixative_png_settings;

typedef struct fixative_png_writer fixative_png_writer;

fixative_png_writer *_Nullable fixative_png_writer_create(fixative_png_settings settings, int64_t refuse_allocation);

/// Embeds an XMP packet, UTF-8, as an uncompressed iTXt chunk. Call at most once, before the first row; the packet is copied.
fixative_status fixative_png_writer_xmp(fixative_png_writer *_Nonnull writer, const void *_Nonnull packet, size_t length);

/// Writes `count` rows of `stride` bytes each from `rows`, which holds `capacity` bytes.
fixative_status fixative_png_writer_rows(
    fixative_png_writer *_Nonnull writer, const void *_Nonnull rows, size_t stride, size_t capacity, uint32_t count);

/// Ends the file. `bytes` belongs to the writer and lives until it is destroyed.
fixative_status fixative_png_writer_finish(
    fixative_png_writer *_Nonnull writer, const void *_Nullable *_Nonnull bytes, size_t *_Nonnull length);

const char *_Nonnull fixative_png_writer_message(const fixative_png_writer *_Nonnull writer);

void fixative_png_writer_destroy(fixative_png_writer *_Nullable writer);

/// The library's version, such as "1.6.39".
const char *_Nonnull fixative_png_library_version(void);

#endif
