"""SIGTERM and SIGINT at any moment of a run: nothing new is begun, what is on its way ends or is put back, in time and with code 0."""

import signal
import time

from .program import PATIENCE, Program, acknowledged
from .storage import Storage, check_whole
from .upstream import Upstream

# What is promised, in seconds.
LIMIT = 10
DOWNLOADS = 3
# What the program says when it has heard the signal; before that it has not begun, and dies of it like any other.
HEARD = "stopping:"


def prove(setting):
    rounds = setting.choose(60, 6)
    slowest, early = 0.0, 0
    with Upstream(setting.binary, tasks=rounds * 2, faults="hostile", seed=4) as upstream:
        storage = Storage(setting.path("storage"))
        program = Program(setting.binary, storage.path, upstream.url, lease=600)
        program.run("archive")
        while setting.rounds < rounds:
            seconds = one_round(setting, program, storage, 20 * (setting.rounds + 1) / rounds)
            setting.rounds += 1
            early += seconds is None
            slowest = max(slowest, seconds or 0)
            if setting.rounds % 10 == 0:
                check_whole(setting, setting.binary, storage.path, f"round {setting.rounds}", untracked_is_fine=True)
        check_whole(setting, setting.binary, storage.path, "at the end", untracked_is_fine=True)
        setting.note(f"the slowest stop took {slowest:.1f} s; {early} signals came before the program listened")


def one_round(setting, program, storage, hours):
    """Returns how long the stop took; None when the signal came before the program listened."""
    number = setting.random.choice([signal.SIGTERM, signal.SIGINT])
    watching = ["--watch", "--sweep-interval", "1"]
    with open(setting.path("err"), "w+", errors="replace") as err:
        line = ["--since", f"{hours:.3f}h", "--downloads", str(DOWNLOADS), "-v", *watching]
        process = program.start("archive", *line, err=err)
        time.sleep(setting.random.choice([0.3, 1, 4]) * setting.random.random())
        began = time.monotonic()
        process.send_signal(number)
        code = process.wait(timeout=PATIENCE)
        seconds = time.monotonic() - began
        err.seek(0)
        words = err.read()
    context = f"round {setting.rounds}, {number.name}"
    outputs, tasks = storage.rows()
    leased = [key for rows in (outputs, tasks) for key, row in rows.items() if row["state"] == "leased"]
    if leased:
        setting.err(f"{context}: still leased: {leased}")
    for output in acknowledged(words):
        flaw = storage.flaw(output, outputs)
        if flaw:
            setting.lose(f"{context}: {output} was acknowledged, but {flaw}")
    if code == -number and HEARD not in words:
        return None
    if code != 0:
        setting.err(f"{context}: exit code {code}: {words[-500:]}")
    if seconds > LIMIT:
        setting.err(f"{context}: the stop took {seconds:.1f} s")
    after = len(acknowledged(words.partition(HEARD)[2]))
    if after > DOWNLOADS:
        setting.err(f"{context}: {after} outputs were archived after the signal, but only {DOWNLOADS} can have been in progress")
    return seconds
