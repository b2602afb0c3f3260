"""A worker stops past its lease and wakes up when another one has done its work."""

import hashlib
import os
import shutil
import signal
import sqlite3
import time

from .program import PATIENCE, Program, acknowledged
from .storage import Storage, check_whole
from .upstream import Upstream

TASKS = 12
LEASE = 1


def prove(setting):
    rounds = setting.choose(40, 3)
    held, blocked = 0, 0
    with Upstream(setting.binary, tasks=TASKS, seed=5) as upstream:
        delivered = {
            (task, index): hashlib.sha256(body).hexdigest()
            for task in upstream.tasks() for index, body in enumerate(upstream.truth(task))}
        tries = 0
        # A worker that is stopped with nothing in its hands proves nothing, and is not counted.
        while setting.rounds < rounds and tries < rounds * 10:
            tries += 1
            stale = one_round(setting, upstream, delivered)
            if stale is None:
                continue
            setting.rounds += 1
            held += stale[0]
            blocked += stale[1]
        setting.note(f"{held} leases passed to the other worker; {blocked} stops during a write to the catalog")


def one_round(setting, upstream, delivered):
    """Returns how many outputs the stale worker held, and whether it blocked the other one; None when it held none."""
    path = setting.path("storage")
    shutil.rmtree(path, ignore_errors=True)
    storage = Storage(path)
    program = Program(setting.binary, path, upstream.url, lease=LEASE)
    words = setting.path("stale")
    with open(words, "wb") as err:
        stale = program.start("archive", "--since", "24h", err=err)
        wait_for_lease(storage, stale)
        time.sleep(setting.random.uniform(0, 0.3))
        # A few may stop in the middle of a write, which keeps all others from writing for as long as it lasts.
        stop(stale, path, anywhere=setting.full and setting.random.random() < 0.1)
    try:
        in_hand = [output for output, row in storage.rows()[0].items() if row["state"] == "leased"] if stale.poll() is None else []
        if not in_hand:
            return None
        other = program.run("archive", "--since", "24h")
        # A worker that is stopped in the middle of a write keeps the catalog's lock: no other can write, and says so.
        blocked = other.code == 2 and "locked" in other.err
        if not blocked and other.code != 0:
            setting.err(f"the other worker: {other}")
        before = {output: record_bytes(storage, output) for output in acknowledged(other.err)}
    finally:
        stale.send_signal(signal.SIGCONT)
        code = stale.wait(timeout=PATIENCE)
    with open(words, errors="replace") as err:
        stale_words = err.read()
    if code not in (0, 1):
        setting.err(f"the stale worker ended with {code}: {stale_words[-500:]}")
    for output, contents in before.items():
        if record_bytes(storage, output) != contents:
            setting.err(f"the stale worker overwrote the record of {output}")
    if not blocked and not any("lease" in line and output[0] in line for line in stale_words.splitlines() for output in in_hand):
        setting.err(f"the stale worker lost {len(in_hand)} leases and did not report it: {stale_words[-500:]}")
    check_filing(setting, storage, delivered, acknowledged(stale_words) + acknowledged(other.err))
    check_whole(setting, setting.binary, path, f"round {setting.rounds}")
    return len(in_hand), blocked


def check_filing(setting, storage, delivered, told):
    for output in delivered:
        if told.count(output) != 1:
            setting.err(f"{output} was filed {told.count(output)} times")
    rows = storage.rows()[0]
    for output, digest in delivered.items():
        flaw = storage.flaw(output, rows, digest)
        if flaw:
            setting.lose(f"{output}: {flaw}")


def wait_for_lease(storage, process):
    """Until the process has taken up an output, or ended."""
    while process.poll() is None:
        try:
            if any(row["state"] == "leased" for row in storage.rows()[0].values()):
                return
        except sqlite3.Error:
            pass  # it is just being made
        time.sleep(0.005)


def stop(process, path, anywhere):
    """Stops a process, and unless anywhere is fine lets it go on as long as it holds the catalog's lock."""
    while process.poll() is None:
        process.send_signal(signal.SIGSTOP)
        wait_until_stopped(process)
        if anywhere or not is_locked(path + "/catalog.sqlite"):
            return
        process.send_signal(signal.SIGCONT)
        time.sleep(0.01)


def is_locked(catalog):
    database = sqlite3.connect(catalog, timeout=0, isolation_level=None)
    try:
        database.execute("BEGIN IMMEDIATE")
        database.execute("ROLLBACK")
        return False
    except sqlite3.OperationalError:
        return True
    finally:
        database.close()


def wait_until_stopped(process):
    while process.poll() is None:
        with open(f"/proc/{process.pid}/stat") as file:
            if file.read().rpartition(")")[2].split()[0] == "T":
                return
        time.sleep(0.005)


def record_bytes(storage, output):
    path = storage.record_path(*output)
    if path is None or not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return file.read()
