"""SIGKILL before each call that makes, names, drops or makes durable anything on the disk, for one output from an empty folder on."""

import collections

from .one_output import SIGKILLED, OneOutput, name_of

STEPS = [
    "fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "pwrite64", "write", "mkdir",
    "mkdirat", "ftruncate",
]


def prove(setting):
    with OneOutput(setting) as stage:
        quiet, calls = stage.interfere(stage.fresh(), calls=STEPS)
        if quiet.code != 0:
            return setting.err(f"the run without interference failed: {quiet}")
        setting.note(f"{len(calls)} calls from an empty folder to one archived output")
        kinds = collections.Counter()
        stage.go_through(len(calls), 40, lambda number: attempt(setting, stage, number, kinds))
        setting.note("killed before " + ", ".join(f"{count} {call}" for call, count in sorted(kinds.items())))


def attempt(setting, stage, number, kinds):
    """One round. Returns whether the run had so many calls."""
    program = stage.fresh()
    finished, calls = stage.interfere(program, calls=STEPS, kill=number)
    if finished.code != SIGKILLED:
        if finished.code != 0:
            setting.err(f"call {number} was not reached: {finished}")
        return False
    setting.count_round()
    hit = next(call for call in calls if call["hit"])
    kinds[hit["call"]] += 1
    context = f"killed before call {number}, {name_of(hit, program.storage)}"
    # A kill may come after the word that all is done, before the program's last calls.
    stage.check_promise(program, finished, context)
    stage.check_recovery(program, context)
    return True
