#include "fixative_inflate.h"

#include <limits.h>
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
