#ifndef FIXATIVE_WORKER_H
#define FIXATIVE_WORKER_H

#include <stdint.h>
#include <sys/types.h>

/// The descriptor that a worker finds its channel at.
enum { FIXATIVE_WORKER_CHANNEL = 3 };

/// Starts `program` with one argument, in a process group of its own, with /dev/null as its standard streams, default signals,
/// and an environment that holds nothing of ours but the loader's library path. Returns 0 or an errno.
///
/// The worker ends with the thread that calls this.
int fixative_worker_start(
    const char *_Nonnull program, const char *_Nonnull argument, int channel, pid_t *_Nonnull worker);

typedef struct fixative_worker_end {
    /// The signal that ended it; 0 when it exited.
    int signal;
    /// The exit code, when it exited; -1 when nothing is known of its end.
    int code;
    /// Its highest resident size, in bytes.
    uint64_t peak_memory;
} fixative_worker_end;

/// Gives a worker so many milliseconds to end by itself, then kills it, and waits until it is gone. Call once for each worker.
fixative_worker_end fixative_worker_reap(pid_t worker, int64_t patience);

#endif
