#ifndef FIXATIVE_STATUS_H
#define FIXATIVE_STATUS_H

#include <stddef.h>
#include <stdint.h>

/// The result of a shim. After any status other than `FIXATIVE_OK`, the handle may only be asked for its message and destroyed.
typedef enum fixative_status {
    FIXATIVE_OK = 0,
    /// The bytes violate the format, or the library gave a warning about them.
    FIXATIVE_DAMAGED,
    /// The file ends before the picture is complete.
    FIXATIVE_TRUNCATED,
    /// A valid file of a kind that is not supported.
    FIXATIVE_UNSUPPORTED,
    /// The picture exceeds the limits that were passed.
    FIXATIVE_LIMIT,
    FIXATIVE_NO_MEMORY,
    /// A buffer is too small, or calls are in the wrong order: a bug in this program.
    FIXATIVE_MISUSE,
} fixative_status;

/// Limits that the C code checks against its own reading of the header, before any large allocation.
typedef struct fixative_limits {
    uint32_t max_side;
    uint64_t max_pixels;
    /// The maximum bytes of samples or coefficients held in memory at once; 0 for no limit.
    uint64_t max_held_bytes;
} fixative_limits;

/// The value for `refuse_allocation` that lets every allocation succeed.
#define FIXATIVE_REFUSE_NO_ALLOCATION ((int64_t)-1)

#endif
