"""The order of the writes of every output, read from a trace by strace."""

import re
import shutil
import subprocess

from . import pictures
from .program import Program, acknowledged
from .proof import Skipped
from .storage import Storage
from .upstream import Upstream

CALLS = "fsync,fdatasync,rename,renameat,renameat2,link,linkat,mkdir,mkdirat,pwrite64,write"


class Call:
    """One call of the trace. `began` and `ended` are positions in it."""

    def __init__(self, name, arguments, began):
        self.name = name
        self.arguments = arguments
        self.began = began
        self.ended = None
        self.result = None


def read_trace(path):
    """The calls of a trace by `strace -f -y`, in the order in which they began."""
    calls, open_calls = [], {}
    begin = re.compile(r"^(\d+)\s+(\w+)\((.*)$", re.DOTALL)
    resume = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>(.*)$", re.DOTALL)
    with open(path, errors="replace") as lines:
        for position, line in enumerate(lines):
            line = line.rstrip("\n")
            resumed = resume.match(line)
            if resumed:
                call = open_calls.pop(resumed.group(1), None)
                if call:
                    call.arguments += resumed.group(3)
                    finish(call, position)
                continue
            begun = begin.match(line)
            if not begun:
                continue
            call = Call(begun.group(2), begun.group(3), position)
            calls.append(call)
            if call.arguments.endswith("<unfinished ...>"):
                call.arguments = call.arguments.removesuffix("<unfinished ...>").rstrip()
                open_calls[begun.group(1)] = call
            else:
                finish(call, position)
    return calls


def finish(call, position):
    call.ended = position
    call.arguments, _, call.result = call.arguments.rpartition(" = ")


def paths(call):
    """The quoted paths of a call, or what strace says of its descriptor."""
    if call.name in ("fsync", "fdatasync", "write", "pwrite64"):
        found = re.match(r"\d+<(.*?)>", call.arguments)
        return [found.group(1).removesuffix("(deleted)")] if found else []
    # A name alone stands behind the descriptor of its folder.
    found = re.findall(r'(?:\w+<([^>]*)>, )?"((?:[^"\\]|\\.)*)"', call.arguments)
    return [f"{folder}/{name}" if folder and not name.startswith("/") else name for folder, name in found]


class Trace:
    def __init__(self, path):
        self.calls = [(call, paths(call)) for call in read_trace(path) if call.ended is not None]

    def find(self, names, path, after=-1, before=1 << 60, argument=0, content=None, ok=True):
        """The first call of these names on a path that begins after and ends before two positions."""
        for call, places in self.calls:
            if call.name in names and call.began > after and call.ended < before and len(places) > argument:
                if places[argument] == path and (content is None or content in call.arguments):
                    if not ok or call.result.split()[0].lstrip("-").isdigit() and not call.result.startswith("-"):
                        return call
        return None


SYNC = ("fsync", "fdatasync")
NAMING = ("link", "linkat", "rename", "renameat", "renameat2")


def prove(setting):
    if shutil.which("strace") is None:
        raise Skipped("strace is not installed")
    count = setting.choose(60, 10)
    images = pictures.folder(setting.path("images"), count, twins=count // 4)
    with Upstream(setting.binary, images=images) as upstream:
        storage = setting.path("storage")
        program = Program(setting.binary, storage, upstream.url, lease=600)
        line = ["strace", "-f", "-y", "-s", "9000", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", setting.path("trace")]
        done = subprocess.run(
            line + program.line("archive", "--since", "24h"), env=program.environment, capture_output=True, text=True,
            errors="replace", timeout=1200)
        if "Operation not permitted" in done.stderr and "ptrace" in done.stderr:
            raise Skipped("the kernel or the container forbids tracing", forbidden=True)
        if done.returncode != 0:
            return setting.err(f"exit code {done.returncode}: {done.stderr[-500:]}")
        outputs = acknowledged(done.stderr)
        if len(outputs) != count:
            setting.err(f"{len(outputs)} of {count} outputs were acknowledged")
        trace = Trace(setting.path("trace"))
        blobs = 0
        for output in outputs:
            setting.rounds += 1
            blobs += check(setting, trace, Storage(storage), output)
        setting.note(f"{len(trace.calls)} calls, {blobs} publications of blobs, {count // 4} originals that were already stored")


def check(setting, trace, storage, output):
    """Follows one output backwards from its acknowledgement. Returns how many blobs it has."""
    name = f"{output[0]} #{output[1]}"
    record = storage.record(*output)
    record_path = storage.record_path(*output)
    told = next((call for call, _ in trace.calls if call.name == "write" and f'"archived   {name}:' in call.arguments), None)
    if told is None:
        setting.err(f"{name}: the acknowledgement was not written")
        return 0

    # The record: written, made durable, named, its name made durable.
    rename = trace.find(NAMING, record_path, argument=1, before=told.began)
    if rename is None:
        setting.err(f"{name}: its record was not named before it was acknowledged")
        return 0
    if not trace.find(SYNC, paths(rename)[0], before=rename.began):
        setting.err(f"{name}: its record was named before it was durable")
    named = trace.find(SYNC, record_path.rpartition("/")[0], after=rename.ended, before=told.began)
    if named is None:
        setting.err(f"{name}: the name of its record was not durable when it was acknowledged")
        return 0

    # The commit: its row in the log, the log made durable.
    log = storage.path + "/catalog.sqlite-wal"
    row = trace.find(("pwrite64",), log, after=named.ended, before=told.began, content=record["original"]["digest"])
    if row is None:
        setting.err(f"{name}: no row was written between its record and its acknowledgement")
    elif not trace.find(SYNC, log, after=row.ended, before=told.began):
        setting.err(f"{name}: the commit of its row was not durable when it was acknowledged")

    # The blobs: made durable, published, their names made durable, before the record is named.
    blobs = [record["original"]] + [derivative["blob"] for derivative in record["derivatives"]]
    for blob in blobs:
        check_blob(setting, trace, storage.blob(blob["digest"]), rename, name)
    return len(blobs)


def check_blob(setting, trace, path, rename, name):
    folder, root = path.rpartition("/")[0], path.rpartition("/")[0].rpartition("/")[0]
    publish = trace.find(NAMING, path, argument=1, before=rename.began)
    if publish is None:
        return setting.err(f"{name}: {path} was not published before its record")
    if not trace.find(SYNC, paths(publish)[0], before=publish.began):
        setting.err(f"{name}: {path} was published before it was durable")
    if not trace.find(SYNC, folder, after=publish.ended, before=rename.began):
        setting.err(f"{name}: the name of {path} was not durable before its record")
    made = trace.find(("mkdir", "mkdirat"), folder)
    if made and not trace.find(SYNC, root, after=made.ended, before=rename.began):
        setting.err(f"{name}: the folder {folder} was not durable before its record")
