"""Each call on a file of the storage fails, by itself and from then on, with each error that a disk or a system may give."""

import collections
import errno
import os

from .one_output import OneOutput, name_of

FAILING = [
    "open", "openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "linkat", "mkdir",
    "mkdirat",
]
ERRORS = [errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EROFS]
# A disk stays full or broken; descriptors are had again.
LASTING = [errno.ENOSPC, errno.EIO]
SYNCHRONISING = ("fsync", "fdatasync")
NAMING = ("link", "linkat", "rename", "renameat", "renameat2")
FOREVER = 1 << 30


def prove(setting):
    with OneOutput(setting) as stage:
        quiet, calls = stage.interfere(stage.fresh(), calls=FAILING)
        if quiet.code != 0:
            return setting.err(f"the run without interference failed: {quiet}")
        setting.note(f"{len(calls)} calls that may fail, {len(ERRORS)} errors for one call, {len(LASTING)} for it and all later calls")
        endings = collections.Counter()
        for error, lasting in [(error, False) for error in ERRORS] + [(error, True) for error in LASTING]:
            stage.go_through(len(calls), 8, lambda number: attempt(setting, stage, number, error, lasting, endings))
        setting.note("ended with " + ", ".join(f"code {code}: {count}" for code, count in sorted(endings.items())))


def attempt(setting, stage, number, error, lasting, endings):
    """One round. Returns whether the run had so many calls."""
    program = stage.fresh()
    last = FOREVER if lasting else number
    finished, calls = stage.interfere(program, calls=FAILING, fail=number, last=last, errno=error)
    hits = [call for call in calls if call["hit"]]
    if not hits:
        if finished.code != 0:
            setting.err(f"call {number} was not reached: {finished}")
        return False
    setting.count_round()
    endings[finished.code] += 1
    span = "all calls from" if lasting else "only call"
    context = f"{errno.errorcode[error]} for {span} {number}, {name_of(hits[0], program.storage)}"
    if finished.crashed:
        setting.err(f"{context}: {finished}")
    elif finished.code not in (0, 2):
        setting.err(f"{context}: expected exit code 2 or a retry, got {finished}")
    elif finished.code == 2 and not is_clear(finished.err):
        setting.err(f"{context}: no clear message: {finished.err.strip() or 'nothing'}")
    check_first_error_is_final(setting, hits, calls, context)
    stage.check_promise(program, finished, context)
    stage.check_recovery(program, context)
    return True


def is_clear(words):
    """That the last words come from the program, say what could not be done, and are short."""
    lines = words.strip().splitlines()
    return any(line.startswith("fixative: ") and len(line) > 40 for line in lines[-3:])


def check_first_error_is_final(setting, hits, calls, context):
    """A file whose fsync failed once is gone, whatever a second fsync says: nobody may give it a name."""
    for hit in hits:
        if hit["call"] not in SYNCHRONISING or "/ingest/" not in hit["paths"][0]:
            continue
        for later in calls:
            if later["number"] > hit["number"] and later["paths"][0] == hit["paths"][0]:
                if later["call"] in NAMING + SYNCHRONISING:
                    name = os.path.basename(hit["paths"][0])
                    setting.err(f"{context}: fsync of {name} failed, but a later call names it: {later['call']} {later['paths']}")
