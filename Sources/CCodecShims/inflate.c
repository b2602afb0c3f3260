#include "fixative_inflate.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

fixative_status fixative_inflate(const void *source, size_t length, void *target, size_t capacity, size_t *written) {
    *written = 0;
    if (!source || length == 0) return FIXATIVE_TRUNCATED;
    if (length > UINT_MAX || capacity > UINT_MAX) return FIXATIVE_LIMIT;
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (inflateInit(&stream) != Z_OK) return FIXATIVE_NO_MEMORY;
    stream.next_in = (z_const Bytef *)source;
    stream.avail_in = (uInt)length;
    stream.next_out = target;
    stream.avail_out = (uInt)capacity;
    int code = inflate(&stream, Z_FINISH);
    *written = capacity - stream.avail_out;
    inflateEnd(&stream);
    if (code == Z_STREAM_END) return FIXATIVE_OK;
    if (code == Z_MEM_ERROR) return FIXATIVE_NO_MEMORY;
    if (code == Z_OK || code == Z_BUF_ERROR) return stream.avail_out == 0 ? FIXATIVE_LIMIT : FIXATIVE_TRUNCATED;
    return FIXATIVE_DAMAGED;
}

enum { SCRATCH_BYTES = 32768 };

static fixative_status status_of(int code) {
    switch (code) {
    case Z_STREAM_END:
        return FIXATIVE_OK;
    case Z_OK:
    case Z_BUF_ERROR:
        return FIXATIVE_TRUNCATED;
    case Z_MEM_ERROR:
        return FIXATIVE_NO_MEMORY;
    default:
        return FIXATIVE_DAMAGED;
    }
}

fixative_status fixative_inflate_counted(
    const void *source, size_t length, void *target, size_t capacity, size_t budget, size_t *written, size_t *total) {
    *written = *total = 0;
    if (!source || length == 0) return FIXATIVE_TRUNCATED;
    if (length > UINT_MAX || capacity > UINT_MAX) return FIXATIVE_LIMIT;
    uint8_t scratch[SCRATCH_BYTES];
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (inflateInit(&stream) != Z_OK) return FIXATIVE_NO_MEMORY;
    stream.next_in = (z_const Bytef *)source;
    stream.avail_in = (uInt)length;
    stream.next_out = target;
    stream.avail_out = (uInt)capacity;
    bool is_kept = true;
    int code = Z_OK;
    size_t made = 1;
    while (code == Z_OK && made > 0 && *total <= budget) {
        if (stream.avail_out == 0) {
            is_kept = false;
            stream.next_out = scratch;
            stream.avail_out = SCRATCH_BYTES;
        }
        size_t room = stream.avail_out;
        code = inflate(&stream, Z_NO_FLUSH);
        made = room - stream.avail_out;
        *total += made;
        if (is_kept) *written += made;
    }
    inflateEnd(&stream);
    return *total > budget ? FIXATIVE_LIMIT : status_of(code);
}
