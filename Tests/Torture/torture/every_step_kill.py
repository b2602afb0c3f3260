"""SIGKILL before each call that makes, names, drops or makes durable anything on the disk, for one output from an empty folder on."""

from .one_output import SIGKILLED, OneOutput, name_of

STEPS = [
    "fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "pwrite64", "write", "mkdir",
    "mkdirat", "ftruncate",
]
# Calls of two runs differ a little; so many numbers in a row that no run reaches are beyond the end.
BEYOND = 5


def prove(setting):
    with OneOutput(setting) as stage:
        quiet, calls = stage.interfere(stage.fresh(), calls=STEPS)
        if quiet.code != 0:
            return setting.err(f"nothing interferes, and yet: {quiet}")
        setting.note(f"{len(calls)} calls from an empty folder to one archived output")
        if setting.full:
            numbers = iter(range(1, 10 * len(calls)))
        else:
            wanted = setting.choose(0, 16)
            numbers = iter(sorted(setting.random.sample(range(1, len(calls) + 1), min(wanted, len(calls)))))
        kinds, missed = {}, 0
        for number in numbers:
            program = stage.fresh()
            finished, calls = stage.interfere(program, calls=STEPS, kill=number)
            if finished.code != SIGKILLED:
                if finished.code != 0:
                    setting.err(f"call {number} was not reached: {finished}")
                missed += 1
                if missed >= BEYOND:
                    break
                continue
            missed = 0
            setting.rounds += 1
            hit = next(call for call in calls if call["hit"])
            kinds[hit["call"]] = kinds.get(hit["call"], 0) + 1
            context = f"killed before call {number}, {name_of(hit, program.storage)}"
            # A kill may come after the word that all is done, before the program's last calls.
            stage.check_promise(program, finished, context)
            stage.check_recovery(program, context)
        setting.note("killed before " + ", ".join(f"{count} {call}" for call, count in sorted(kinds.items())))
