"""SIGKILL at any moment of a run, again and again, under an upstream that misbehaves; then one run to the end."""

import os
import time

from .program import Program, acknowledged
from .storage import Storage, check_whole, sha256
from .upstream import Upstream, is_whole_picture

# The simulated account's tasks are spread over so many hours; runs look further and further back, so that each finds new work.
HOURS = 20
# By whether the proof is full. Of the second one's few tasks one vanishes and some have dead links, but none has to be tried for minutes.
SEEDS = {True: 7, False: 10}


def prove(setting):
    rounds = setting.choose(200, 15)
    tasks = max(12, rounds * 3 // 2)
    with Upstream(setting.binary, tasks=tasks, faults="hostile", seed=SEEDS[setting.full]) as upstream:
        storage = Storage(setting.path("storage"))
        program = Program(setting.binary, storage.path, upstream.url)
        told = kill_again_and_again(setting, program, storage, rounds)
        finish(setting, program, storage, told)
        compare(setting, upstream, storage, told)
        check_whole(setting, setting.binary, storage.path, "at the end", untracked_is_fine=True)


def kill_again_and_again(setting, program, storage, rounds):
    """Returns all outputs that were acknowledged."""
    began = time.monotonic()
    program.run("archive")
    start_up = time.monotonic() - began
    told, moments, ended = set(), {"before its first message": 0, "before its first picture": 0, "later": 0}, 0
    while setting.rounds < rounds:
        hours = HOURS * (setting.rounds + 1) / rounds
        # A third dies while it starts, a third soon after, a third at any time later.
        longest = start_up * setting.random.choice([1, 5, 25])
        with open(setting.path("err"), "w+", errors="replace") as err:
            process = program.start("archive", "--since", f"{hours:.3f}h", "-v", err=err)
            try:
                process.wait(timeout=setting.random.uniform(0, longest))
            except Exception:
                process.kill()
            code = process.wait()
            err.seek(0)
            words = err.read()
        if code not in (-9, 0, 1):
            setting.err(f"round {setting.rounds}: exit code {code}: {words[-500:]}")
        new = acknowledged(words)
        for output in new:
            if output in told:
                setting.err(f"{output} was filed and reported twice")
            flaw = file_flaw(storage, output)
            if flaw:
                setting.lose(f"round {setting.rounds}: {output} was acknowledged, but {flaw}")
        told.update(new)
        if code != -9:
            ended += 1
            if ended > 20 * rounds:
                return setting.err("most runs ended before they could be killed") or told
            continue
        setting.rounds += 1
        moments["before its first message" if not words else "later" if new else "before its first picture"] += 1
    setting.note("killed " + ", ".join(f"{moment} {count}" for moment, count in moments.items()) + f"; {ended} runs ended before the kill")
    return told


def file_flaw(storage, output):
    """Whether the files of an output are whole. Its row is looked at in the end."""
    record = storage.record(*output)
    if record is None:
        return "it has no record"
    for blob in [record["original"]] + [derivative["blob"] for derivative in record["derivatives"]]:
        if not os.path.exists(storage.blob(blob["digest"])) or sha256(storage.blob(blob["digest"])) != blob["digest"]:
            return f"its blob {blob['digest']} is damaged or missing"
    return None


def finish(setting, program, storage, told):
    """The run to the end, and one more start."""
    last = program.run("archive", "--since", "24h", "-v")
    for output in acknowledged(last.err):
        if output in told:
            setting.err(f"{output} was filed and reported twice")
        told.add(output)
    # What still waits is worth the code 1, and this account has some that can't be had.
    if last.code not in (0, 1):
        setting.err(f"the final run: {last}")
    again = program.run("archive")
    if again.code not in (0, 1):
        setting.err(f"the run after the final run: {again}")
    if storage.ingest():
        setting.err(f"ingest/ still holds {storage.ingest()} after the next start")


def compare(setting, upstream, storage, told):
    """Every task of the account against what a patient client gets of it."""
    outputs, tasks = storage.rows()
    for output in told:
        flaw = storage.flaw(output, outputs)
        if flaw:
            setting.lose(f"{output} was acknowledged, but {flaw}")
    counts = {"archived": 0, "waiting": 0, "of them with a delivery": 0, "tasks waiting": 0}
    for task in upstream.tasks():
        truth = upstream.truth(task)
        row = tasks.get(task)
        if row is None:
            setting.lose(f"{task} is not in the catalog")
        elif truth is None:
            counts["tasks waiting"] += 1
            if row["state"] != "waiting" or not row["reason"]:
                setting.err(f"{task} is unknown to the upstream, but its state is {row['state']}: {row['reason']}")
        else:
            for index, body in enumerate(truth):
                compare_output(setting, storage, outputs, (task, index), body, counts)
    for (task, index), row in outputs.items():
        if row["state"] not in ("archived", "waiting"):
            setting.err(f"{task} #{index} is {row['state']} while its window is open")
    setting.note(", ".join(f"{state} {count}" for state, count in counts.items()))


def compare_output(setting, storage, outputs, output, body, counts):
    row = outputs.get(output)
    if row is None:
        return setting.lose(f"{output} is not in the catalog")
    if body is None or not is_whole_picture(body):
        counts["waiting"] += 1
        counts["of them with a delivery"] += body is not None
        if row["state"] != "waiting" or not row["reason"]:
            setting.err(f"{output} cannot be downloaded whole, but its state is {row['state']}: {row['reason']}")
        return None
    if row["state"] != "archived":
        return setting.lose(f"{output} can be downloaded, but its state is {row['state']}: {row['reason']}")
    counts["archived"] += 1
    flaw = storage.flaw(output, outputs)
    if flaw:
        return setting.lose(f"{output}: {flaw}")
    with open(storage.blob(row["digest"]), "rb") as file:
        stored = file.read()
    if row["verdict"] == "undecodable":
        setting.lose(f"{output} is a whole picture upstream, but undecodable in the archive")
    elif stored != body:
        setting.err(f"{output} has {len(stored)} bytes, which differ from the {len(body)} bytes of the upstream")
    return None
