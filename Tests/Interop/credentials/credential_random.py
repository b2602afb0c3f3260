"""Random damage of signed files: we may be stricter than the reference, never laxer."""

import collections
import multiprocessing
import pathlib
import random
import shutil
import struct
import tempfile
import zlib

from credential_comparison import RANK, Program
from credential_files import chunk
from credential_reference import MEDIA, Reference
from credential_structure import restructured

INTERESTING = [0, 1, 2, 3, 7, 8, 9, 15, 16, 23, 24, 31, 32, 33, 127, 128, 254, 255]


def store_ranges(data, suffix):
    """Where the bytes of the store are, roughly: damage goes there more often than into the pixels."""
    at = {".png": data.find(b"caBX"), ".jpg": data.find(b"jumb"), ".webp": data.find(b"C2PA")}[suffix]
    if suffix == ".png":
        return at + 4, at + 4 + struct.unpack(">I", data[at - 4 : at])[0]
    if suffix == ".webp":
        return at + 8, at + 8 + struct.unpack("<I", data[at + 4 : at + 8])[0]
    return at - 4, data.rfind(b"\xff\xdb", 0, data.find(b"\xff\xda")) or len(data) // 2


def with_store(data, suffix, change):
    """The file with a changed store in its old place; None where the store is in several pieces or got another length."""
    start, end = store_ranges(data, suffix)
    if suffix == ".jpg":
        end = start + struct.unpack(">I", data[start : start + 4])[0]
        if end != start - 10 + struct.unpack(">H", data[start - 10 : start - 8])[0]:
            return None
    store = change(bytes(data[start:end]))
    if suffix == ".png":
        return data[: start - 8] + chunk(b"caBX", store) + data[end + 4 :]
    return data[:start] + store + data[end:] if len(store) == end - start else None


def damaged(data, suffix, dice):
    """The file with one to three changes, or with another structure of its store."""
    if dice.random() < 0.4:
        changed = with_store(data, suffix, lambda store: restructured(store, dice))
        if changed:
            return changed
    data = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        start, end = store_ranges(data, suffix) if dice.random() < 0.9 else (0, len(data))
        if not 0 <= start < end <= len(data):
            start, end = 0, len(data)
        at = dice.randrange(start, end)
        kind = dice.randrange(9)
        if kind <= 2:
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 3:
            data[at] = dice.choice(INTERESTING)
        elif kind == 4:
            data[at : at + 4] = struct.pack(">I", dice.choice([0, 1, 8, 0xFFFFFFFF, 0x7FFFFFFF, end - start, dice.randrange(65536)]))[
                : len(data) - at
            ]
        elif kind == 5:
            del data[at : at + dice.choice([1, 1, 2, 8, 40])]
        elif kind == 6:
            data[at:at] = bytes(dice.randrange(256) for _ in range(dice.choice([1, 1, 2, 8, 40])))
        elif kind == 7:
            source, size = dice.randrange(start, end), dice.choice([1, 4, 16, 100])
            piece = data[source : source + size]
            data[at : at + len(piece)] = piece
        else:
            grow(data, start, end, dice, suffix)
    if suffix == ".png" and dice.random() < 0.9:
        fix_checksum(data)
    return bytes(data)


def grow(data, start, end, dice, suffix):
    """Changes the length in the head of some box, with or without the bytes that would make it true."""
    places = [at for at in range(start, min(end, len(data) - 8)) if data[at + 4 : at + 8] in (b"jumb", b"jumd", b"cbor", b"bidb", b"c2sh")]
    if places:
        at = dice.choice(places)
        length = (struct.unpack(">I", data[at : at + 4])[0] + dice.choice([-8, -1, 1, 8, 16])) & 0xFFFFFFFF
        data[at : at + 4] = struct.pack(">I", length)


def fix_checksum(data):
    at = data.find(b"caBX")
    if at > 4:
        (length,) = struct.unpack(">I", data[at - 4 : at])
        if at + 8 + length <= len(data):
            data[at + 4 + length : at + 8 + length] = struct.pack(">I", zlib.crc32(data[at : at + 4 + length]))


# What the reference refuses although the specification allows it; each a test on the reference's result and on the file.
ALLOWED = {
    "15.8: a stamp that does not hold is ignored; the reference counts its certificate against the signer": lambda result, data: (
        set(result["failure"]) == {"signingCredential.invalid"} and any(code.startswith("timeStamp.") for code in result["informational"])
    ),
    "14.5: of the labels 33 and x5chain only 33 counts": lambda result, data: result.get("error") == "Signature: COSE verifier failure",
    "11.1.4.2: stores and manifests may contain boxes that the specification does not define": lambda result, data: (
        result.get("error") == "Other: required JUMBF box not found" or result["failure"] == ["claim.multiple"]
    ),
    "10.3.2.5: a claim of version 2 is stamped by sigTst2; the reference takes the first of two headers": lambda result, data: (
        b"\x66sigTst" in data
        and b"\x67sigTst2" in data
        and result["failure"] == ["signingCredential.expired", "signingCredential.untrusted"]
    ),
    "11.1.4.2: a store of credentials, as older files have it, is not read": lambda result, data: (
        result.get("error") == "Verify: the manifest contained a feature not support by version"
    ),
    "15.11.3.3: manifests and boxes that nothing refers to are ignored": lambda result, data: (
        result.get("error") == "Verify: invalid JUMB box"
    ),
    "15.12.1.1: free boxes are padding": lambda result, data: (
        result.get("error") == "Verify: more than one claim description box was found for c2pa.claim.v2"
    ),
}


def work(task):
    """One batch: makes the files, asks both, keeps the ones where we are laxer."""
    program, lists, anchors, sources, seed, count, keep = task
    folder = pathlib.Path(tempfile.mkdtemp(prefix="credentials-random-", dir="/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None))
    try:
        reference, ours = Reference(lists, *anchors), Program(program)
        paths = []
        for number in range(count):
            dice = random.Random(f"{seed} {number}")
            source = pathlib.Path(dice.choice(sources))
            path = folder / f"{seed}-{number}-{source.stem}{source.suffix}"
            path.write_bytes(damaged(source.read_bytes(), source.suffix, dice))
            paths.append(path)
        results = ours.judge(paths, ours.options(lists, *anchors))
        tally, laxer = collections.Counter(), []
        for path, mine in zip(paths, results):
            theirs = reference.judge(path.read_bytes(), MEDIA[path.suffix])
            excuse = next((name for name, test in ALLOWED.items() if test(theirs, path.read_bytes())), None)
            if mine["state"] not in RANK:
                outcome = "crash"
            elif RANK[mine["state"]] == RANK[theirs["state"]] > 0:
                outcome = "equal, accepted"
            elif RANK[mine["state"]] == RANK[theirs["state"]]:
                outcome = "equal, rejected"
            elif RANK[mine["state"]] < RANK[theirs["state"]]:
                outcome = "stricter"
            else:
                outcome = "allowed" if excuse else "laxer"
            tally[outcome] += 1
            if outcome in ("laxer", "crash") or (outcome == "stricter" and tally["stricter"] <= 3):
                kept = pathlib.Path(keep) / path.name
                shutil.copy(path, kept)
                laxer.append((outcome, str(kept), mine, theirs))
        return tally, laxer
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def random_damage(program, lists, anchors, sources, count, keep, seed=1, batch=250):
    """Yields the tally and the kept differences of each batch."""
    keep.mkdir(parents=True, exist_ok=True)
    tasks = [
        (
            str(program.path),
            str(lists),
            [str(one) for one in anchors],
            [str(one) for one in sources],
            f"{seed}.{at}",
            min(batch, count - at),
            str(keep),
        )
        for at in range(0, count, batch)
    ]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        yield from pool.imap_unordered(work, tasks)
