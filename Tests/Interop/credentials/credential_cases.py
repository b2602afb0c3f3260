"""The list of named cases: a file, what the specification says of it, and how to judge it."""

import dataclasses
import struct

from credential_files import PNG
from credential_store import Manifest, signed_file


@dataclasses.dataclass
class Case:
    name: str
    data: bytes
    suffix: str = ".png"
    # The states that the specification allows, such as "invalid" or "valid|trusted"; None where nobody worked them out by hand.
    highest: str | None = None
    # The section that says so.
    section: str = ""
    # One of these failure codes has to be there.
    codes: tuple = ()
    # "tsa-only": judged with the signers' root on the list of time stamps only, and so on.
    options: dict = dataclasses.field(default_factory=dict)


def make(
    name,
    highest=None,
    section="",
    codes=(),
    picture=None,
    others=(),
    change=None,
    exclusions=None,
    options=None,
    wants_odd=False,
    **manifest,
):
    """A file signed after the change, so that only the change can be wrong."""
    picture = picture or PNG()
    data = signed_file(picture, *others, Manifest(**manifest), change=change, exclusions=exclusions, wants_odd=wants_odd)
    codes = (codes,) if isinstance(codes, str) else tuple(codes)
    return Case(name, data, picture.suffix, highest, section, codes, options or {})


def edited(name, data, highest=None, section="", codes=(), suffix=".png", options=None):
    codes = (codes,) if isinstance(codes, str) else tuple(codes)
    return Case(name, bytes(data), suffix, highest, section, codes, options or {})


def without(key):
    return lambda value: {one: value[one] for one in value if one != key}


def using(**values):
    return lambda value: {**value, **values}


# CBOR


def head(major, length, form=None):
    """The head of a CBOR item; `form` forces the number of bytes of its argument."""
    if form is None:
        form = 0 if length < 24 else 1 if length < 256 else 2 if length < 65536 else 4
    code = {0: length, 1: 24, 2: 25, 4: 26, 8: 27}[form]
    return bytes([major << 5 | code]) + length.to_bytes(form, "big")


def map_size(raw):
    assert raw[0] >> 5 == 5 and raw[0] & 31 < 23
    return raw[0] & 31


def with_entries(raw, *entries):
    """The map with entries (already encoded) at its end, whether or not it has the key."""
    return bytes([0xA0 | map_size(raw) + len(entries)]) + raw[1:] + b"".join(entries)


def indefinite(raw):
    map_size(raw)
    return b"\xbf" + raw[1:] + b"\xff"


def long_form(raw):
    return b"\xb8" + bytes([map_size(raw)]) + raw[1:]


# JUMBF


def walk(data, start=0, end=None, path="", depth=0):
    """Every box: its path, where it starts, where its payload starts, where it ends."""
    at, end, number = start, len(data) if end is None else end, 0
    while at + 8 <= end:
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        title = f"{path}/{kind.decode('latin-1')}"
        if kind == b"jumb":
            stop = data.index(b"\0", at + 33)
            label = data[at + 33 : stop].decode("latin-1")
            title = f"{path}/{'manifest' if label.startswith('urn:') else label}"
        yield title, kind, at, at + 8, at + length
        if kind == b"jumb" and depth < 8:
            yield from walk(data, at + 8, at + length, title, depth + 1)
        at, number = at + length, number + 1


def store_of(data):
    """The place of the store in a PNG: start and end of its bytes."""
    at = data.index(b"caBX")
    (length,) = struct.unpack(">I", data[at - 4 : at])
    return at + 4, at + 4 + length


def fix_crc(data):
    """The right CRC for caBX, so that a change of the store is the only one."""
    import zlib

    start, end = store_of(data)
    return data[:end] + struct.pack(">I", zlib.crc32(data[start - 4 : end])) + data[end + 4 :]


def replaced(data, at, new):
    return data[:at] + new + data[at + len(new) :]


def flipped(data, at, mask=1):
    return replaced(data, at, bytes([data[at] ^ mask]))


def resize(data, start, end, replacement, paths=("c2pa", "manifest")):
    """The store with bytes replaced and the lengths of all boxes around corrected."""
    change = len(replacement) - (end - start)
    result = bytearray(data)
    for _, _, at, _, stop in walk(data):
        if at < start and stop >= end and at + 8 <= start:
            result[at : at + 4] = struct.pack(">I", stop - at + change)
    return bytes(result[:start]) + replacement + bytes(result[end:])
