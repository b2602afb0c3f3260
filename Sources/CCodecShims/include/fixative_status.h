#ifndef FIXATIVE_STATUS_H
#define FIXATIVE_STATUS_H

#include <stddef.h>
#include <stdint.h>

/// What a shim returns. Everything but `FIXATIVE_OK` is final: the handle may only be asked for its message and destroyed.
typedef enum fixative_status {
    FIXATIVE_OK = 0,
    /// The bytes break the format, or the library had to warn about them.
    FIXATIVE_DAMAGED,
    /// The bytes end before the picture does.
    FIXATIVE_TRUNCATED,
    /// A valid file of a kind that is not read here.
    FIXATIVE_UNSUPPORTED,
    /// The picture is larger than the limits that were passed.
    FIXATIVE_LIMIT,
    FIXATIVE_NO_MEMORY,
    /// A buffer is too small or the calls came in the wrong order: our own bug.
    FIXATIVE_MISUSE,
} fixative_status;

/// Sizes that C checks again after its own reading of the header, before any large allocation.
typedef struct fixative_limits {
    uint32_t max_side;
    uint64_t max_pixels;
    /// Most bytes of a picture that has to be held whole, as samples or coefficients; 0 for no limit.
    uint64_t max_held_bytes;
} fixative_limits;

/// Passed where no allocation should be refused.
#define FIXATIVE_REFUSE_NO_ALLOCATION ((int64_t)-1)

#endif
