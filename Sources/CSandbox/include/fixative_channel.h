#ifndef FIXATIVE_CHANNEL_H
#define FIXATIVE_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

// Every function returns 0 or an errno, and retries calls interrupted by a signal.

/// Creates two connected stream sockets with close-on-exec. Both descriptors are above those of the standard streams.
int fixative_channel_pair(int *_Nonnull parent, int *_Nonnull child);

/// Sends all bytes. A copy of `descriptor` is sent with the first byte, unless it is negative.
int fixative_channel_send(int channel, const void *_Nonnull bytes, size_t length, int descriptor);

/// Reads exactly `length` bytes. `milliseconds` is the timeout for all of them; a negative value waits indefinitely. Returns
/// `ETIMEDOUT` after the timeout, and `EPIPE` if the other side has closed.
int fixative_channel_read(int channel, void *_Nonnull bytes, size_t length, int64_t milliseconds);

/// Like `fixative_channel_read` without a timeout. `descriptor` is set to the received file descriptor, or -1 if there is none.
/// More than one is an error.
int fixative_channel_take(int channel, void *_Nonnull bytes, size_t length, int *_Nonnull descriptor);

/// 1 if the other side is connected and no unread data is waiting; otherwise 0.
int fixative_channel_is_quiet(int channel);

/// Creates a sealed, unchangeable file in memory with these bytes.
int fixative_memory_file(const void *_Nullable bytes, size_t length, int *_Nonnull descriptor);

/// Maps the first `length` bytes of a file for reading. `length` must be above 0.
int fixative_map(int descriptor, size_t length, const void *_Nullable *_Nonnull bytes);
void fixative_unmap(const void *_Nonnull bytes, size_t length);

void fixative_close(int descriptor);

#endif
