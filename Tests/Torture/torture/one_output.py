"""The stage of the proofs that go through every system call: an upstream with one picture, and a fresh storage for each round."""

import concurrent.futures
import hashlib
import os
import shutil
import signal
import threading

from . import pictures, tracer
from .program import Finished, Program, acknowledged
from .storage import Storage, check_whole
from .upstream import Upstream

# Rounds at a time.
LANES = 4
# Numbers beyond the last call of a run that was left alone, and how many of them no run may reach.
MARGIN, BEYOND = 30, 5


class OneOutput:
    """A context manager."""

    def __init__(self, setting):
        tracer.check_machine()
        self.setting = setting
        self.upstream = Upstream(setting.binary, images=pictures.folder(setting.path("images"), 1))
        (task,) = self.upstream.tasks()
        self.output = (task, 0)
        self.digest = hashlib.sha256(pictures.png(0)).hexdigest()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.upstream.__exit__()

    def fresh(self):
        """A program with an empty storage, in a folder of this thread."""
        lane = self.setting.path(f"lane-{threading.get_ident()}")
        shutil.rmtree(lane, ignore_errors=True)
        path = os.path.join(lane, "storage")
        os.makedirs(path)
        return Program(self.setting.binary, path, self.upstream.url, lease=1)

    def go_through(self, last, chosen, attempt):
        """Calls `attempt(number)` for each number up to the last call and some more, since two runs differ a little; a few at once,
        since most of a round is waiting for leases. In a bounded proof for `chosen` of them.

        attempt: returns whether a run had so many calls.
        """
        numbers = range(1, last + MARGIN + 1)
        if not self.setting.full:
            numbers = sorted(self.setting.random.sample(range(1, last + 1), min(chosen, last)))
        with concurrent.futures.ThreadPoolExecutor(LANES) as lanes:
            reached = list(lanes.map(attempt, numbers))
        if self.setting.full and any(reached[-BEYOND:]):
            self.setting.err(f"a run had more than {numbers[-BEYOND]} calls, so the last ones were not reached")

    def interfere(self, program, **interference):
        """Archives the output under interference. Returns what the program left, and the calls that it made."""
        out, err, log = (os.path.join(os.path.dirname(program.storage), name) for name in ("out", "err", "calls"))
        code, calls = tracer.traced(
            program.storage, program.line("archive", self.output[0]), program.environment, log, out, err, **interference)
        with open(out, errors="replace") as o, open(err, errors="replace") as e:
            return Finished(code, o.read(), e.read()), calls

    def check_promise(self, program, finished, context):
        """That what was acknowledged is whole, at once and before anything is recovered."""
        if finished.code == 0 or self.output in acknowledged(finished.err):
            flaw = Storage(program.storage).flaw(self.output, digest=self.digest)
            if flaw:
                self.setting.lose(f"{context}: acknowledged, but {flaw}")

    def check_recovery(self, program, context):
        """That an ordinary run afterwards brings everything home by itself."""
        recovery = program.run("archive", self.output[0])
        if recovery.code != 0:
            self.setting.err(f"{context}: the next run: {recovery}")
        flaw = Storage(program.storage).flaw(self.output, digest=self.digest)
        if flaw:
            self.setting.lose(f"{context}: after the next run: {flaw}")
        check_whole(self.setting, self.setting.binary, program.storage, context)


def name_of(call, storage):
    """A call in words, without what is chance."""
    places = [path.removeprefix(os.path.realpath(storage)).lstrip("/") or "." for path in call["paths"]]
    places = ["ingest/…" if place.startswith("ingest/") else place for place in places]
    return f"{call['call']}({', '.join(places)})"


SIGKILLED = -signal.SIGKILL
