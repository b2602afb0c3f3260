#ifndef FIXATIVE_SUPPORT_H
#define FIXATIVE_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fixative_status.h"

/// The first error of a handle; later errors do not replace it.
typedef struct fixative_fault {
    fixative_status status;
    char message[200];
} fixative_fault;

void fixative_fault_set(
    fixative_fault *_Nonnull fault, fixative_status status, const char *_Nonnull source, const char *_Nullable detail);

/// True if the current allocation must fail. Tests use it to make each allocation of a library fail in turn.
static inline bool fixative_gate_refuses(int64_t *_Nonnull remaining) {
    if (*remaining < 0) return false;
    if (*remaining == 0) return true;
    *remaining -= 1;
    return false;
}

/// A buffer that grows by doubling. `fixative_sink_reserve` makes room for `extra` more bytes; false if memory is exhausted.
typedef struct fixative_sink {
    uint8_t *_Nullable bytes;
    size_t length;
    size_t capacity;
} fixative_sink;

bool fixative_sink_reserve(fixative_sink *_Nonnull sink, size_t extra);

/// Returns false and records `FIXATIVE_LIMIT` if holding `bytes` bytes of a picture would exceed the limit.
bool fixative_limits_may_hold(fixative_limits limits, uint64_t bytes, fixative_fault *_Nonnull fault);

/// Returns `FIXATIVE_LIMIT` if a side or the area exceeds the limits.
fixative_status fixative_limits_check(fixative_limits limits, uint32_t width, uint32_t height);

#endif
