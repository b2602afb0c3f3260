"""Runs a program and interferes with one of its system calls below a folder: the N-th one of the whole process, threads and all.

strace can do so too, but counts the calls of each thread by itself (strace 6.1), and which thread of the program makes a call is chance:
`when=1..last` then misses most of them. So this is a tracer of our own for Linux on x86-64: a seccomp filter stops the program at the calls
that matter, and ptrace looks at them.

As a program: tracer.py SPECIFICATION LOG -- COMMAND..., where SPECIFICATION is JSON (see `Interference`). LOG gets a line of JSON for each
call below the folder, and one at the end with the exit code.
"""

import ctypes
import json
import os
import signal
import struct
import subprocess
import sys

from .proof import Skipped

CALLS = {
    "write": 1, "pwrite64": 18, "writev": 20, "pwritev": 296, "fsync": 74, "fdatasync": 75, "open": 2, "openat": 257, "creat": 85,
    "rename": 82, "renameat": 264, "renameat2": 316, "link": 86, "linkat": 265, "unlink": 87, "unlinkat": 263, "mkdir": 83,
    "mkdirat": 258, "ftruncate": 77, "fallocate": 285,
}
NAMES = {number: name for name, number in CALLS.items()}

# Where the paths and file descriptors of a call are: (descriptor of the folder or None, path) by argument number, or ("fd", number).
PATHS = {
    "open": [(None, 0)], "creat": [(None, 0)], "openat": [(0, 1)], "rename": [(None, 0), (None, 1)], "renameat": [(0, 1), (2, 3)],
    "renameat2": [(0, 1), (2, 3)], "link": [(None, 0), (None, 1)], "linkat": [(0, 1), (2, 3)], "unlink": [(None, 0)],
    "unlinkat": [(0, 1)], "mkdir": [(None, 0)], "mkdirat": [(0, 1)],
}

(TRACEME, CONT, GETREGS, SETREGS, SETOPTIONS) = (0, 7, 12, 13, 0x4200)
OPTIONS = 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100000  # fork, vfork, clone, exec, seccomp; the program dies with its tracer
EVENT_SECCOMP = 7
WALL = 0x40000000
REGISTERS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs").split()
ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def traced(folder, program_line, environment, log, out, err, **interference):
    """Runs a command under a tracer in a process of its own.

    interference: `kill=N`, or `fail=N, errno=E` with `last=M` to fail all calls from N to M; `calls` names those that count, all by
    default.
    Returns the exit code (-N for signal N) and the calls: dictionaries of `number`, `call`, `paths`, `thread`, `hit`.
    """
    specification = json.dumps(dict(interference, folder=os.path.realpath(folder)))
    code = "import sys; from torture.tracer import main; sys.exit(main(sys.argv[1:]))"
    line = [sys.executable, "-B", "-c", code, specification, log, "--", *program_line]
    place = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # Without this, the program lets no process of the same user read its memory, and so no tracer.
    environment = dict(environment, PYTHONPATH=place, SWIFT_BACKTRACE="enable=tty")
    with open(out, "wb") as stdout, open(err, "wb") as stderr:
        done = subprocess.run(
            line, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, timeout=1200)
    if done.returncode == 77:
        with open(err) as words:
            raise Skipped(words.read().strip(), forbidden=True)
    with open(log) as lines:
        entries = [json.loads(text) for text in lines]
    if done.returncode != 0 or not entries or "exit" not in entries[-1]:
        with open(err) as words:
            raise RuntimeError(f"the tracer failed: {words.read()[-2000:]}")
    return entries[-1]["exit"], entries[:-1]


class Refused(Exception):
    """The kernel or the container forbids tracing."""


def ptrace(request, thread, address=0, data=0):
    if libc.ptrace(request, thread, address, data) == -1:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")


def seccomp_filter():
    """A program for the kernel: stop for the tracer at the calls above, let all others pass."""
    (LOAD, EQUALS, RETURN, TRACE, ALLOW) = (0x20, 0x15, 0x06, 0x7FF00000, 0x7FFF0000)
    numbers = sorted(NAMES)
    steps = [struct.pack("HBBI", LOAD, 0, 0, 0)]
    for position, number in enumerate(numbers):
        steps.append(struct.pack("HBBI", EQUALS, len(numbers) - position, 0, number))
    return b"".join(steps + [struct.pack("HBBI", RETURN, 0, 0, ALLOW), struct.pack("HBBI", RETURN, 0, 0, TRACE)])


def become(command):
    """In the child: lets itself be traced, sets the filter and becomes the program."""
    steps = seccomp_filter()
    buffer = ctypes.create_string_buffer(steps, len(steps))
    program = struct.pack("HxxxxxxQ", len(steps) // 8, ctypes.addressof(buffer))
    (NO_NEW_PRIVILEGES, SECCOMP) = (38, 22)
    if libc.ptrace(TRACEME, 0, None, None) != 0:
        os._exit(77)
    os.kill(os.getpid(), signal.SIGSTOP)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0 or libc.prctl(SECCOMP, 2, program, 0, 0) != 0:
        os._exit(77)
    try:
        os.execv(command[0], command)
    finally:
        os._exit(127)


class Interference:
    def __init__(self, specification):
        self.folder = specification["folder"]
        self.kill = specification.get("kill")
        self.fail = specification.get("fail")
        self.last = specification.get("last", self.fail)
        self.errno = specification.get("errno")
        self.calls = set(specification.get("calls") or CALLS)
        self.count = 0

    def is_below(self, path):
        return path == self.folder or path.startswith(self.folder + "/")


class Tracer:
    def __init__(self, interference, log):
        self.interference = interference
        self.log = log
        self.process = None

    def run(self, command):
        """Returns the exit code, -N for signal N."""
        self.process = os.fork()
        if self.process == 0:
            become(command)
        _, status = os.waitpid(self.process, 0)
        if not os.WIFSTOPPED(status):
            raise Refused("a process cannot be traced on this machine")
        ptrace(SETOPTIONS, self.process, 0, OPTIONS)
        ptrace(CONT, self.process)
        known = {self.process}
        while True:
            thread, status = os.waitpid(-1, WALL)
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                if thread == self.process:
                    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
                continue
            number, event = os.WSTOPSIG(status), status >> 16
            deliver = 0
            try:
                if event == EVENT_SECCOMP:
                    self.look(thread)
                elif number == signal.SIGSTOP and thread not in known:
                    pass  # a new thread begins stopped
                elif event == 0 and number != signal.SIGTRAP:
                    deliver = number
                known.add(thread)
                ptrace(CONT, thread, 0, deliver)
            except ProcessLookupError:
                pass  # it was killed meanwhile

    def look(self, thread):
        buffer = ctypes.create_string_buffer(8 * len(REGISTERS))
        ptrace(GETREGS, thread, 0, ctypes.addressof(buffer))
        registers = dict(zip(REGISTERS, struct.unpack(f"{len(REGISTERS)}Q", buffer.raw)))
        name = NAMES.get(registers["orig_rax"])
        if name not in self.interference.calls:
            return
        arguments = [registers[argument] for argument in ARGUMENTS]
        paths = self.paths(thread, name, arguments)
        if not any(self.interference.is_below(path) for path in paths):
            return
        self.interference.count += 1
        number = self.interference.count
        entry = {"number": number, "call": name, "paths": paths, "thread": thread, "hit": False}
        if number == self.interference.kill:
            entry["hit"] = True
            # The call that it stands before is not made.
            os.kill(self.process, signal.SIGKILL)
        elif self.interference.fail is not None and self.interference.fail <= number <= self.interference.last:
            entry["hit"] = True
            registers["orig_rax"] = (1 << 64) - 1
            registers["rax"] = (1 << 64) - self.interference.errno
            buffer.raw = struct.pack(f"{len(REGISTERS)}Q", *(registers[register] for register in REGISTERS))
            ptrace(SETREGS, thread, 0, ctypes.addressof(buffer))
        self.log.write(json.dumps(entry) + "\n")

    def paths(self, thread, name, arguments):
        places = PATHS.get(name)
        if places is None:
            return [self.descriptor(thread, arguments[0])]
        found = []
        for folder, path in places:
            text = self.text(thread, arguments[path])
            if not text.startswith("/"):
                at = None if folder is None else ctypes.c_int(arguments[folder] & 0xFFFFFFFF).value
                here = os.readlink(f"/proc/{thread}/cwd") if at in (None, -100) else self.descriptor(thread, at)
                text = os.path.join(here, text)
            found.append(os.path.normpath(text))
        return found

    @staticmethod
    def descriptor(thread, number):
        try:
            return os.readlink(f"/proc/{thread}/fd/{number & 0xFFFFFFFF}").removesuffix(" (deleted)")
        except OSError:
            return ""

    @staticmethod
    def text(thread, address):
        with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:
            found = b""
            while b"\0" not in found and len(found) < 4096:
                memory.seek(address + len(found))
                # Up to the end of the page: the next one may not be there.
                found += memory.read(4096 - (address + len(found)) % 4096)
            return os.fsdecode(found.split(b"\0")[0])


def main(arguments):
    specification, log, _, *command = arguments
    with open(log, "w") as lines:
        try:
            code = Tracer(Interference(json.loads(specification)), lines).run(command)
        except (Refused, PermissionError) as error:
            print(f"the kernel or the container forbids tracing: {error}", file=sys.stderr)
            return 77
        lines.write(json.dumps({"exit": code}) + "\n")
    return 0


def check_machine():
    if os.uname().sysname != "Linux" or os.uname().machine != "x86_64":
        raise Skipped("the tracer supports only Linux on x86-64", forbidden=True)
