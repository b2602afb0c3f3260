#ifndef FIXATIVE_SUPPORT_H
#define FIXATIVE_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fixative_status.h"

/// The first thing that went wrong; later reports do not replace it.
typedef struct fixative_fault {
    fixative_status status;
    char message[200];
} fixative_fault;

void fixative_fault_set(
    fixative_fault *_Nonnull fault, fixative_status status, const char *_Nonnull source, const char *_Nullable detail);

/// True when the allocation that asks must be refused. Tests use it to walk through every allocation of a library.
static inline bool fixative_gate_refuses(int64_t *_Nonnull remaining) {
    if (*remaining < 0) return false;
    if (*remaining == 0) return true;
    *remaining -= 1;
    return false;
}

/// Bytes that grow by doubling. `reserve` makes room for `extra` more and says false when there is no memory.
typedef struct fixative_sink {
    uint8_t *_Nullable bytes;
    size_t length;
    size_t capacity;
} fixative_sink;

bool fixative_sink_reserve(fixative_sink *_Nonnull sink, size_t extra);

/// Notes `FIXATIVE_LIMIT` and gives false when so many bytes of a picture may not be held.
bool fixative_limits_may_hold(fixative_limits limits, uint64_t bytes, fixative_fault *_Nonnull fault);

/// `FIXATIVE_LIMIT` when a side or the area is above the limits.
fixative_status fixative_limits_check(fixative_limits limits, uint32_t width, uint32_t height);

#endif
