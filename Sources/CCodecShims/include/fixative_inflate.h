#ifndef FIXATIVE_INFLATE_H
#define FIXATIVE_INFLATE_H

#include "fixative_status.h"

/// Inflates a zlib stream into `target` and stops at `capacity` bytes. `written` is the number of valid bytes in `target`. It is
/// also set for an error and for `FIXATIVE_LIMIT`, which means that the stream has more data.
fixative_status fixative_inflate(
    const void *_Nullable source, size_t length, void *_Nonnull target, size_t capacity, size_t *_Nonnull written);

/// Like `fixative_inflate`, but continues past `capacity` to the end of the stream and discards the excess. Returns
/// `FIXATIVE_LIMIT` only if the stream inflates to more than `budget` bytes. `total` is the number of inflated bytes, `written`
/// the number of bytes in `target`.
fixative_status fixative_inflate_counted(
    const void *_Nullable source, size_t length, void *_Nonnull target, size_t capacity, size_t budget,
    size_t *_Nonnull written, size_t *_Nonnull total);

#endif
