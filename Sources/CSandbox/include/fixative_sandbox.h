#ifndef FIXATIVE_SANDBOX_H
#define FIXATIVE_SANDBOX_H

#include <stdint.h>

// For the process that shuts itself in. The order is: begin, warm everything up, enter.

typedef struct fixative_sandbox_limits {
    /// Most bytes of private memory, beyond what is in use on entering.
    uint64_t memory;
    /// Most bytes of address space, beyond what is in use on entering; includes `memory`.
    uint64_t address_space;
    uint64_t cpu_seconds;
} fixative_sandbox_limits;

/// `step` names what failed, and is null for success; `error` is its errno.
typedef struct fixative_sandbox_outcome {
    const char *_Nullable step;
    int error;
} fixative_sandbox_outcome;

/// Closes all descriptors but the standard streams and `channel`, which must be 3. From here on the process ends with its
/// parent and not by SIGTERM, SIGINT or SIGHUP, and other processes of its user cannot read its memory.
fixative_sandbox_outcome fixative_sandbox_begin(int channel);

/// Sets the limits, gives up new privileges for good, and leaves only the system calls that decoding takes. Any other ends
/// the process. Call with one thread only, since others would not be held by the filter.
fixative_sandbox_outcome fixative_sandbox_enter(fixative_sandbox_limits limits);

#endif
