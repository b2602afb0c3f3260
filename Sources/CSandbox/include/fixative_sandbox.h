#ifndef FIXATIVE_SANDBOX_H
#define FIXATIVE_SANDBOX_H

#include <stdint.h>

// Called by the process that is to be sandboxed, in this order: begin, warm up libraries, enter.

typedef struct fixative_sandbox_limits {
    /// The maximum bytes of private memory, in addition to those in use on entry.
    uint64_t memory;
    /// The maximum bytes of address space, in addition to those in use on entry; includes `memory`.
    uint64_t address_space;
    uint64_t cpu_seconds;
} fixative_sandbox_limits;

/// `step` names the failed step, and is null on success; `error` is its errno.
typedef struct fixative_sandbox_outcome {
    const char *_Nullable step;
    int error;
} fixative_sandbox_outcome;

/// Closes all descriptors except the standard streams and `channel`, which must be 3. From then on the process dies with its
/// parent and ignores SIGTERM, SIGINT and SIGHUP. Other processes of the same user cannot read its memory.
fixative_sandbox_outcome fixative_sandbox_begin(int channel);

/// Sets the limits, permanently disables privilege gains, and allows only the system calls needed for decoding. Any other call
/// kills the process. Call it while the process has one thread: the filter does not apply to other threads.
fixative_sandbox_outcome fixative_sandbox_enter(fixative_sandbox_limits limits);

/// For a process outside of the sandbox: no core dump, not even to a program that the kernel pipes it to, and other processes of the
/// same user cannot read its memory or environment. Ends with `exec`. Returns 0 or an errno.
int fixative_refuse_dumps(void);

#endif
