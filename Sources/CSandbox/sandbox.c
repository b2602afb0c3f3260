// A raw BPF filter for x86-64 and AArch64. System calls that one of them lacks are not listed. On other architectures entering
// fails.
#define _GNU_SOURCE
#include "fixative_sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

static const fixative_sandbox_outcome success = {0};

static fixative_sandbox_outcome failure(const char *step) {
    return (fixative_sandbox_outcome){.step = step, .error = errno};
}

static fixative_sandbox_outcome close_others(int channel) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, channel + 1, ~0U, 0) == 0) return success;
    // Older kernels lack the call, and some container filters block it.
    if (errno != ENOSYS && errno != EPERM) return failure("close_range");
#endif
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return failure("getrlimit");
    rlim_t end = files.rlim_cur < 1048576 ? files.rlim_cur : 1048576;
    for (int descriptor = channel + 1; (rlim_t)descriptor < end; descriptor++) close(descriptor);
    return success;
}

int fixative_refuse_dumps(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : errno;
}

fixative_sandbox_outcome fixative_sandbox_begin(int channel) {
    // A supervisor signals all processes of a service, but the parent still needs the picture being decoded.
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return failure("PR_SET_PDEATHSIG");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failure("PR_SET_DUMPABLE");
    return close_others(channel);
}

// The bytes of address space and of private memory in use.
static int read_use(uint64_t *address_space, uint64_t *memory) {
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return -1;
    unsigned long long total = 0, data = 0;
    int fields = fscanf(file, "%llu %*u %*u %*u %*u %llu", &total, &data);
    fclose(file);
    long page = sysconf(_SC_PAGESIZE);
    if (fields != 2 || page <= 0) {
        errno = EPROTO;
        return -1;
    }
    *address_space = total * (uint64_t)page;
    *memory = data * (uint64_t)page;
    return 0;
}

static int limit(int resource, uint64_t value) {
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) return -1;
    rlim_t bound = now.rlim_max < value ? now.rlim_max : value;
    return setrlimit(resource, &(struct rlimit){.rlim_cur = bound, .rlim_max = bound});
}

static fixative_sandbox_outcome set_limits(fixative_sandbox_limits limits) {
    uint64_t address_space = 0, memory = 0;
    if (read_use(&address_space, &memory) != 0) return failure("/proc/self/statm");
    if (limit(RLIMIT_AS, address_space + limits.address_space) != 0) return failure("RLIMIT_AS");
    if (limit(RLIMIT_DATA, memory + limits.memory) != 0) return failure("RLIMIT_DATA");
    if (limit(RLIMIT_CPU, limits.cpu_seconds) != 0) return failure("RLIMIT_CPU");
    if (limit(RLIMIT_FSIZE, 0) != 0) return failure("RLIMIT_FSIZE");
    if (limit(RLIMIT_CORE, 0) != 0) return failure("RLIMIT_CORE");
    if (limit(RLIMIT_MEMLOCK, 0) != 0) return failure("RLIMIT_MEMLOCK");
    if (limit(RLIMIT_NPROC, 0) != 0) return failure("RLIMIT_NPROC");
    // Enough for the standard streams, the channel, and one picture.
    if (limit(RLIMIT_NOFILE, 8) != 0) return failure("RLIMIT_NOFILE");
    return success;
}

#ifdef ARCHITECTURE

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
// Loads the lower half of an argument; both architectures are little-endian.
#define LOAD_ARGUMENT(index) LOAD(args[index])
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define ALLOW_CALL(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), ALLOW
// Allows memory allocation, but not executable memory.
#define ALLOW_CALL_WITHOUT_EXEC(name)                                                                                   \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4), LOAD_ARGUMENT(2),                                             \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), KILL, ALLOW

static int install_filter(void) {
    struct sock_filter filter[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        KILL,
        LOAD(nr),
        // Channel and picture file.
        ALLOW_CALL(recvmsg),
        ALLOW_CALL(sendmsg),
        ALLOW_CALL(read),
        ALLOW_CALL(write),
        ALLOW_CALL(close),
        // Memory.
        ALLOW_CALL(munmap),
        ALLOW_CALL(brk),
        ALLOW_CALL(mremap),
        ALLOW_CALL(madvise),
        ALLOW_CALL(futex),
        // glibc's qsort queries the memory size, and its allocator the number of processors.
        ALLOW_CALL(sysinfo),
        ALLOW_CALL(sched_getaffinity),
        // Time and randomness.
        ALLOW_CALL(clock_gettime),
        ALLOW_CALL(getrandom),
        ALLOW_CALL(sched_yield),
        // Process exit, normal or by a trap.
        ALLOW_CALL(exit_group),
        ALLOW_CALL(exit),
        ALLOW_CALL(rt_sigreturn),
        ALLOW_CALL(rt_sigprocmask),
        ALLOW_CALL(rt_sigaction),
        ALLOW_CALL(restart_syscall),
        ALLOW_CALL(getpid),
        ALLOW_CALL(gettid),
        ALLOW_CALL_WITHOUT_EXEC(mmap),
        ALLOW_CALL_WITHOUT_EXEC(mprotect),
        // abort() sends a signal to its own process; no other process may be signalled.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 3),
        LOAD_ARGUMENT(0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 0, 1),
        ALLOW,
        KILL,
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

static int install_filter(void) {
    errno = ENOSYS;
    return -1;
}

#endif

fixative_sandbox_outcome fixative_sandbox_enter(fixative_sandbox_limits limits) {
    fixative_sandbox_outcome limited = set_limits(limits);
    if (limited.step) return limited;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure("PR_SET_NO_NEW_PRIVS");
    if (install_filter() != 0) return failure("seccomp");
    return success;
}
