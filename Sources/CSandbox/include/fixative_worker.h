#ifndef FIXATIVE_WORKER_H
#define FIXATIVE_WORKER_H

#include <stdint.h>
#include <sys/types.h>

/// The file descriptor of the channel inside a worker.
enum { FIXATIVE_WORKER_CHANNEL = 3 };

/// Starts `program` with one argument, in its own process group, with /dev/null as standard streams and default signal handling.
/// Of this process's environment it gets only the loader's library path. Returns 0 or an errno.
///
/// The worker is killed when the calling thread ends.
int fixative_worker_start(
    const char *_Nonnull program, const char *_Nonnull argument, int channel, pid_t *_Nonnull worker);

typedef struct fixative_worker_end {
    /// The signal that ended the worker; 0 if it exited.
    int signal;
    /// The exit code of a worker that exited; -1 for a worker that a signal ended, and if the end is unknown.
    int code;
    /// The worker's peak resident size, in bytes.
    uint64_t peak_memory;
} fixative_worker_end;

/// Waits up to `patience` milliseconds for a worker to exit on its own, then kills it, and waits until it is gone. Call it once
/// per worker.
fixative_worker_end fixative_worker_reap(pid_t worker, int64_t patience);

#endif
