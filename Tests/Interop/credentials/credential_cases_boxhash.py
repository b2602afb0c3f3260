"""Cases in the general box hash of JPEG (15.12.3, 18.7): right ones and wrong lists of boxes."""

import hashlib
import struct

from credential_cases import edited, flipped, make
from credential_files import JPEG, jpeg_segment
from credential_store import Assertion, Manifest, actions, signed_file

SECTION = "15.12.3"
NAMES = {
    0xD8: "SOI",
    0xD9: "EOI",
    0xDA: "SOS",
    0xDB: "DQT",
    0xC0: "SOF0",
    0xC2: "SOF2",
    0xC4: "DHT",
    0xDD: "DRI",
    0xFE: "COM",
    **{0xE0 + n: f"APP{n}" for n in range(16)},
}


def segments(data):
    """Every segment of a JPEG with its name; a scan includes its coded data."""
    at = 0
    while at < len(data):
        marker = data[at + 1]
        end = at + 2
        if marker not in (0xD8, 0xD9):
            end += struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker == 0xDA:
            while data[end] != 0xFF or data[end + 1] in (0, *range(0xD0, 0xD8)):
                end += 1
        yield NAMES[marker], data[at:end]
        at = end


def entry(names, data, **more):
    return {"names": names, "hash": hashlib.sha256(data).digest(), "pad": b"", **more}


def listed(picture):
    """One entry a box, in order, with the store behind JFIF's segment."""
    every = [entry([name], data) for name, data in segments(picture.data)]
    every.insert(2, {"names": ["C2PA"], "hash": b"\0", "pad": b""})
    return every


def grouped(picture):
    """Ranges: what comes before the store, the store, what comes after."""
    parts = list(segments(picture.data))
    before, after = parts[:2], parts[2:]
    return [
        entry([name for name, _ in before], b"".join(data for _, data in before)),
        {"names": ["C2PA"], "hash": b"\0", "pad": b""},
        entry([name for name, _ in after], b"".join(data for _, data in after)),
    ]


def bound(name, change=None, highest="invalid", codes=(), picture=None, group=listed, whole=None, section=SECTION, **more):
    picture = picture or JPEG()
    every = group(picture)
    value = {"alg": "sha256", "boxes": change(every) if change else every}
    value = whole(value) if whole else value
    return make(
        f"boxhash-{name}",
        highest,
        section,
        codes,
        picture=picture,
        has_binding=False,
        assertions=[actions(), Assertion("c2pa.hash.boxes", value)],
        **more,
    )


def changed(index, **values):
    return lambda every: [one | values if number == index else one for number, one in enumerate(every)]


def lists():
    mismatch, malformed, unknown = (
        ("assertion.boxesHash.mismatch",),
        ("assertion.boxesHash.malformed",),
        ("assertion.boxesHash.unknownBox",),
    )
    yield bound("right", highest="trusted")
    yield bound("right-ranges", highest="trusted", group=grouped)
    yield bound("right-many-segments", highest="trusted", picture=JPEG(segment=900))
    yield bound("right-own-algorithm", lambda e: [one | {"alg": "sha256"} for one in e], "trusted", whole=lambda v: {"boxes": v["boxes"]})
    yield bound(
        "right-sha512",
        lambda e: [
            one | {"alg": "sha512", "hash": hashlib.sha512(data).digest()} if data else one for one, data in zip(e, with_store(JPEG()))
        ],
        "trusted",
    )
    yield bound("hash-flipped", lambda e: changed(4, hash=flipped(e[4]["hash"], 0))(e), codes=mismatch)
    yield bound("hash-of-scan-flipped", lambda e: changed(len(e) - 2, hash=flipped(e[-2]["hash"], 0))(e), codes=mismatch)
    yield bound("hash-cut", lambda e: changed(4, hash=e[4]["hash"][:8])(e), codes=mismatch)
    yield bound("hash-empty", changed(4, hash=b""), codes=mismatch)
    yield bound(
        "hash-missing",
        lambda e: [{k: one[k] for k in one if k != "hash" or number != 4} for number, one in enumerate(e)],
        codes=mismatch + malformed,
    )
    yield bound(
        "names-missing",
        lambda e: [{k: one[k] for k in one if k != "names" or number != 4} for number, one in enumerate(e)],
        codes=malformed,
    )
    yield bound("names-empty", changed(4, names=[]))
    yield bound("name-wrong", changed(4, names=["APP7"]), codes=mismatch + unknown)
    yield bound("box-missing", lambda e: e[:4] + e[5:], codes=mismatch + unknown)
    yield bound("box-missing-scan", lambda e: e[:-2] + e[-1:], codes=mismatch + unknown)
    yield bound("box-missing-last", lambda e: e[:-1], codes=mismatch + unknown)
    yield bound("box-missing-first", lambda e: e[1:], codes=mismatch + unknown)
    yield bound("box-twice", lambda e: e[:5] + e[4:], codes=mismatch + unknown)
    yield bound("box-more", lambda e: e + [entry(["COM"], b"x")], codes=mismatch + unknown)
    yield bound("order", lambda e: e[:4] + [e[5], e[4]] + e[6:], codes=mismatch + unknown)
    yield bound("store-missing", lambda e: e[:2] + e[3:], codes=mismatch + unknown + malformed)
    yield bound("store-first", lambda e: [e[2]] + e[:2] + e[3:], codes=mismatch + unknown)
    yield bound("store-last", lambda e: e[:2] + e[3:] + [e[2]], codes=mismatch + unknown)
    yield bound("store-hash-not-zero", changed(2, hash=bytes(32)), "trusted|invalid")
    yield bound("store-in-range", lambda e: [entry(["SOI", "APP0", "C2PA"], b"x")] + e[3:])
    yield bound("store-twice", lambda e: e[:3] + e[2:], codes=mismatch + unknown + malformed)
    yield bound("scan-as-store", lambda e: e[:-2] + [{"names": ["C2PA"], "hash": b"\0", "pad": b""}] + e[-1:])
    yield bound("scan-excluded", lambda e: changed(len(e) - 2, excluded=True, hash=b"\0")(e), "invalid|trusted")
    yield bound("table-excluded", lambda e: changed(4, excluded=True)(e), None)
    yield bound("table-excluded-wrong-hash", lambda e: changed(4, excluded=True, hash=b"\0")(e), None)
    yield bound("store-excluded", changed(2, excluded=True), "trusted")
    yield bound("excluded-false", lambda e: changed(4, excluded=False)(e), "trusted")
    yield bound("excluded-text", lambda e: changed(4, excluded="true")(e), section="18.7.4")
    yield bound("pad-missing", lambda e: [{k: one[k] for k in one if k != "pad"} for one in e], "trusted", section="18.7.1")
    yield bound("pad-not-zero", changed(4, pad=b"\1\2"), None)
    yield bound("algorithm-missing", whole=lambda v: {"boxes": v["boxes"]}, highest=None)
    yield bound("algorithm-sha1", whole=lambda v: v | {"alg": "sha1"}, codes=("algorithm.unsupported",))
    yield bound("boxes-missing", whole=lambda v: {"alg": "sha256"}, codes=malformed)
    yield bound("boxes-map", whole=lambda v: v | {"boxes": {}}, codes=())
    yield bound("after", lambda e: e + [entry(["c2pa.after"], b"")], "invalid|trusted", section="18.7.2")


def with_store(picture):
    every = [data for _, data in segments(picture.data)]
    every.insert(2, b"")
    return every


def files():
    """Changes of the finished file."""
    picture = JPEG(segment=1500)
    data = signed_file(
        picture,
        Manifest(has_binding=False, assertions=[actions(), Assertion("c2pa.hash.boxes", {"alg": "sha256", "boxes": listed(picture)})]),
    )
    comment, end = jpeg_segment(0xFE, b"x"), 2 + 18
    store = len(data) - len(picture.data)

    def file(name, changed_data, highest="invalid", codes=()):
        return edited(f"boxhash-file-{name}", changed_data, highest, SECTION, codes, ".jpg")

    yield file("scan-flipped", flipped(data, len(data) - 400, 4), codes=("assertion.boxesHash.mismatch",))
    yield file("table-flipped", flipped(data, end + store + 20, 4))
    yield file("jfif-flipped", flipped(data, 13))
    yield file("comment-before", data[:end] + comment + data[end:])
    yield file("comment-after", data[: end + store] + comment + data[end + store :])
    first = 4 + struct.unpack(">H", data[end + 2 : end + 4])[0] - 2
    yield file("comment-between", data[: end + first] + comment + data[end + first :])
    foreign = jpeg_segment(
        0xEB,
        b"JP\7\7\0\0\0\1" + struct.pack(">I", 40) + b"jumb" + struct.pack(">I", 32) + b"jumd" + b"abcd" + bytes(12) + b"\3abc\0" + bytes(3),
    )
    yield file("app11-between", data[: end + first] + foreign + data[end + first :])
    yield file("app11-after", data[: end + store] + foreign + data[end + store :])
    yield file("appended", data + b"x", "invalid|trusted")
    yield file("appended-picture", data + picture.data, "invalid")
    yield file("fill-bytes", data[: end + store] + b"\xff\xff" + data[end + store :], "invalid|trusted")
    yield file("end-missing", data[:-2])
    yield file(
        "store-split-otherwise",
        data[:end] + b"".join(JPEG(segment=700).segments(join(data[end : end + store]))) + data[end + store :],
        "trusted",
    )
    yield file(
        "store-junk", data[:end] + b"".join(JPEG(segment=1500).segments(join(data[end : end + store]) + b"junk")) + data[end + store :]
    )


def join(parts):
    """The store from its segments."""
    at, whole = 0, b""
    while at < len(parts):
        (size,) = struct.unpack(">H", parts[at + 2 : at + 4])
        whole += parts[at + (12 if not whole else 20) : at + 2 + size]
        at += 2 + size
    return whole


GROUPS = [lists, files]
