#include "support.h"

#include <stdio.h>
#include <stdlib.h>

void fixative_fault_set(fixative_fault *fault, fixative_status status, const char *source, const char *detail) {
    if (fault->status != FIXATIVE_OK) return;
    fault->status = status;
    snprintf(fault->message, sizeof fault->message, "%s%s%s", source, detail ? ": " : "", detail ? detail : "");
}

bool fixative_sink_reserve(fixative_sink *sink, size_t extra) {
    if (extra <= sink->capacity - sink->length) return true;
    if (extra > SIZE_MAX / 2 - sink->length) return false;
    size_t capacity = sink->capacity ? sink->capacity : 65536;
    while (capacity - sink->length < extra) {
        if (capacity > SIZE_MAX / 2) return false;
        capacity *= 2;
    }
    uint8_t *bytes = realloc(sink->bytes, capacity);
    if (!bytes) return false;
    sink->bytes = bytes;
    sink->capacity = capacity;
    return true;
}

bool fixative_limits_may_hold(fixative_limits limits, uint64_t bytes, fixative_fault *fault) {
    if (limits.max_held_bytes == 0 || bytes <= limits.max_held_bytes) return true;
    char detail[120];
    snprintf(
        detail, sizeof detail, "it takes %llu bytes, above the limit of %llu", (unsigned long long)bytes,
        (unsigned long long)limits.max_held_bytes);
    fixative_fault_set(fault, FIXATIVE_LIMIT, "the whole picture must be in memory", detail);
    return false;
}

fixative_status fixative_limits_check(fixative_limits limits, uint32_t width, uint32_t height) {
    if (width > limits.max_side || height > limits.max_side) return FIXATIVE_LIMIT;
    if ((uint64_t)width * height > limits.max_pixels) return FIXATIVE_LIMIT;
    return FIXATIVE_OK;
}
