#ifndef FIXATIVE_INFLATE_H
#define FIXATIVE_INFLATE_H

#include "fixative_status.h"

/// Inflates a zlib stream into `target` and stops at `capacity` bytes.
/// `written` counts what is valid in `target`, also when the status is `FIXATIVE_LIMIT` (there is more) or an error.
fixative_status fixative_inflate(
    const void *_Nullable source, size_t length, void *_Nonnull target, size_t capacity, size_t *_Nonnull written);

/// As `fixative_inflate`, but goes on past `capacity` to the end of the stream, keeping nothing more, and stops with
/// `FIXATIVE_LIMIT` only when more than `budget` bytes come out. `total` counts what came out, `written` what is in `target`.
fixative_status fixative_inflate_counted(
    const void *_Nullable source, size_t length, void *_Nonnull target, size_t capacity, size_t budget,
    size_t *_Nonnull written, size_t *_Nonnull total);

#endif
