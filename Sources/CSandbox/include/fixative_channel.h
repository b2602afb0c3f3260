#ifndef FIXATIVE_CHANNEL_H
#define FIXATIVE_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

// Every function returns 0 or an errno, and is ready for signals that interrupt it.

/// Two connected stream sockets, closed on exec, both above the descriptors of standard streams.
int fixative_channel_pair(int *_Nonnull parent, int *_Nonnull child);

/// Sends all bytes, and with the first of them a copy of `descriptor`, unless that is negative.
int fixative_channel_send(int channel, const void *_Nonnull bytes, size_t length, int descriptor);

/// Reads exactly `length` bytes, waiting at most so many milliseconds for all of them; negative waits without end.
/// `ETIMEDOUT` when the time is over, `EPIPE` when the other side has closed.
int fixative_channel_read(int channel, void *_Nonnull bytes, size_t length, int64_t milliseconds);

/// As `fixative_channel_read` without a time limit. `descriptor` becomes the one that came along, else -1; more than one is an
/// error.
int fixative_channel_take(int channel, void *_Nonnull bytes, size_t length, int *_Nonnull descriptor);

/// 1 when the other side is there and has sent nothing that was not read; else 0.
int fixative_channel_is_quiet(int channel);

/// Memory of a file that nobody can change, with these bytes.
int fixative_memory_file(const void *_Nullable bytes, size_t length, int *_Nonnull descriptor);

/// Maps the first `length` bytes of a file to read them. `length` is above 0.
int fixative_map(int descriptor, size_t length, const void *_Nullable *_Nonnull bytes);
void fixative_unmap(const void *_Nonnull bytes, size_t length);

void fixative_close(int descriptor);

#endif
