#define _GNU_SOURCE
#include "fixative_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Moves a descriptor above the standard streams and a worker's channel, so that no `dup2` overwrites one still in use.
static int raise_descriptor(int *descriptor) {
    if (*descriptor > 3) return 0;
    int raised = fcntl(*descriptor, F_DUPFD_CLOEXEC, 4);
    if (raised < 0) return errno;
    close(*descriptor);
    *descriptor = raised;
    return 0;
}

int fixative_channel_pair(int *parent, int *child) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return errno;
    int error = raise_descriptor(&pair[0]);
    if (error == 0) error = raise_descriptor(&pair[1]);
    if (error != 0) {
        close(pair[0]);
        close(pair[1]);
        return error;
    }
    *parent = pair[0];
    *child = pair[1];
    return 0;
}

typedef union fixative_control {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
} fixative_control;

int fixative_channel_send(int channel, const void *bytes, size_t length, int descriptor) {
    size_t sent = 0;
    while (sent < length) {
        struct iovec part = {.iov_base = (char *)bytes + sent, .iov_len = length - sent};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        fixative_control control;
        if (sent == 0 && descriptor >= 0) {
            memset(&control, 0, sizeof control);
            message.msg_control = control.space;
            message.msg_controllen = sizeof control.space;
            struct cmsghdr *header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
        }
        ssize_t count = sendmsg(channel, &message, MSG_NOSIGNAL);
        if (count < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        sent += (size_t)count;
    }
    return 0;
}

static int64_t now_in_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Waits until data can be read or the other side has closed.
static int await_input(int channel, int64_t end) {
    while (true) {
        int64_t left = end - now_in_milliseconds();
        if (left <= 0) return ETIMEDOUT;
        struct pollfd wait = {.fd = channel, .events = POLLIN};
        int ready = poll(&wait, 1, left > 60000 ? 60000 : (int)left);
        if (ready > 0) return 0;
        if (ready < 0 && errno != EINTR) return errno;
    }
}

int fixative_channel_read(int channel, void *bytes, size_t length, int64_t milliseconds) {
    bool is_limited = milliseconds >= 0;
    int64_t end = is_limited ? now_in_milliseconds() + milliseconds : 0;
    size_t received = 0;
    while (received < length) {
        int error = is_limited ? await_input(channel, end) : 0;
        if (error != 0) return error;
        ssize_t count = read(channel, (char *)bytes + received, length - received);
        if (count == 0) return EPIPE;
        if (count < 0) {
            if (errno == EINTR) continue;
            return errno == ECONNRESET ? EPIPE : errno;
        }
        received += (size_t)count;
    }
    return 0;
}

// Extracts the single descriptor of a message. The kernel drops what does not fit, and sets MSG_CTRUNC.
static int received_descriptor(struct msghdr *message, int *descriptor) {
    if (message->msg_flags & MSG_CTRUNC) return EMSGSIZE;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (!header) return 0;
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int))) {
        return EPROTO;
    }
    if (*descriptor >= 0) return EPROTO;
    memcpy(descriptor, CMSG_DATA(header), sizeof(int));
    return 0;
}

int fixative_channel_take(int channel, void *bytes, size_t length, int *descriptor) {
    *descriptor = -1;
    size_t received = 0;
    while (received < length) {
        struct iovec part = {.iov_base = (char *)bytes + received, .iov_len = length - received};
        fixative_control control;
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
        ssize_t count = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
        if (count < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        if (count == 0) return EPIPE;
        int error = received_descriptor(&message, descriptor);
        if (error != 0) return error;
        received += (size_t)count;
    }
    return 0;
}

int fixative_channel_is_quiet(int channel) {
    struct pollfd look = {.fd = channel, .events = POLLIN};
    while (true) {
        int ready = poll(&look, 1, 0);
        if (ready < 0 && errno == EINTR) continue;
        return ready == 0;
    }
}

int fixative_memory_file(const void *bytes, size_t length, int *descriptor) {
    int file = memfd_create("picture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0) return errno;
    size_t written = 0;
    while (written < length) {
        ssize_t count = write(file, (const char *)bytes + written, length - written);
        if (count < 0) {
            if (errno == EINTR) continue;
            int error = errno;
            close(file);
            return error;
        }
        written += (size_t)count;
    }
    if (fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
        int error = errno;
        close(file);
        return error;
    }
    *descriptor = file;
    return 0;
}

int fixative_map(int descriptor, size_t length, const void **bytes) {
    void *memory = mmap(NULL, length, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (memory == MAP_FAILED) return errno;
    *bytes = memory;
    return 0;
}

void fixative_unmap(const void *bytes, size_t length) {
    munmap((void *)bytes, length);
}

void fixative_close(int descriptor) {
    close(descriptor);
}
