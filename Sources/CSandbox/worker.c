#define _GNU_SOURCE
#include "fixative_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static int prepare_descriptors(posix_spawn_file_actions_t *actions, int channel) {
    int error = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDWR, 0);
    if (error == 0) error = posix_spawn_file_actions_adddup2(actions, 0, 1);
    if (error == 0) error = posix_spawn_file_actions_adddup2(actions, 0, 2);
    if (error == 0) error = posix_spawn_file_actions_adddup2(actions, channel, FIXATIVE_WORKER_CHANNEL);
    return error;
}

// A new process group, because a terminal's Ctrl-C goes to the whole group. Default signals, because ignored ones would stay
// ignored.
static int prepare_signals(posix_spawnattr_t *attributes) {
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0) error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0) error = posix_spawnattr_setpgroup(attributes, 0);
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP;
    if (error == 0) error = posix_spawnattr_setflags(attributes, flags);
    return error;
}

// The only environment variable passed on: a program may need it to find its libraries. The caller frees the result.
static char *library_path(void) {
    static const char name[] = "LD_LIBRARY_PATH=";
    const char *value = getenv("LD_LIBRARY_PATH");
    if (!value) return NULL;
    char *variable = malloc(sizeof name + strlen(value));
    if (!variable) return NULL;
    strcpy(variable, name);
    strcat(variable, value);
    return variable;
}

static int spawn(
    const char *program, const char *argument, int channel, posix_spawn_file_actions_t *actions,
    posix_spawnattr_t *attributes, pid_t *worker) {
    int error = prepare_descriptors(actions, channel);
    if (error == 0) error = prepare_signals(attributes);
    if (error != 0) return error;
    char *libraries = library_path();
    // Swift's crash handler would read the memory of other processes and take seconds.
    char *environment[] = {"SWIFT_BACKTRACE=enable=no", "LC_ALL=C", "TZ=UTC0", libraries, NULL};
    char *arguments[] = {"fixative", (char *)argument, NULL};
    error = posix_spawn(worker, program, actions, attributes, arguments, environment);
    free(libraries);
    return error;
}

int fixative_worker_start(const char *program, const char *argument, int channel, pid_t *worker) {
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return error;
    posix_spawnattr_t attributes;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = spawn(program, argument, channel, &actions, &attributes, worker);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static fixative_worker_end described(int status, const struct rusage *usage) {
    return (fixative_worker_end){
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .peak_memory = (uint64_t)usage->ru_maxrss * 1024,
    };
}

fixative_worker_end fixative_worker_reap(pid_t worker, int64_t patience) {
    const struct timespec pause = {.tv_nsec = 1000000};
    fixative_worker_end unknown = {.code = -1};
    int status = 0;
    struct rusage usage;
    memset(&usage, 0, sizeof usage);
    bool is_killed = false;
    for (int64_t waited = 0;; waited++) {
        if (!is_killed && waited >= patience) {
            kill(worker, SIGKILL);
            is_killed = true;
        }
        pid_t ended = wait4(worker, &status, is_killed ? 0 : WNOHANG, &usage);
        if (ended == worker) return described(status, &usage);
        // If SIGCHLD is ignored, the kernel reaps children itself and discards their exit status.
        if (ended < 0 && errno != EINTR) return unknown;
        if (ended == 0) nanosleep(&pause, NULL);
    }
}
