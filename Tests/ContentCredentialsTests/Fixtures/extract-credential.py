"""Takes the signature of a PNG's active manifest apart, with readers of its own for PNG, JUMBF and CBOR.

usage: extract-credential.py PICTURE; prints one JSON object with all bytes in Base64.
"""

import base64
import json
import struct
import sys


def store(picture):
    at = 8
    while at < len(picture):
        size, kind = struct.unpack(">I4s", picture[at:at + 8])
        if kind == b"caBX":
            return picture[at + 8:at + 8 + size]
        at += 12 + size
    raise SystemExit("no manifest store")


def boxes(data):
    at = 0
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        yield kind, data[at + 8:at + size]
        at += size


def labelled(data):
    """The boxes inside a superbox, by the label of each."""
    found = {}
    for kind, content in list(boxes(data))[1:]:
        description = next(boxes(content))[1]
        found[description[17:].split(b"\0")[0].decode()] = content
    return found


def item(data, at=0):
    major, size, at = data[at] >> 5, data[at] & 31, at + 1
    if 24 <= size <= 27:
        width = 1 << (size - 24)
        size, at = int.from_bytes(data[at:at + width], "big"), at + width
    if major == 0:
        return size, at
    if major == 1:
        return -1 - size, at
    if major in (2, 3):
        part = data[at:at + size]
        return (part if major == 2 else part.decode()), at + size
    if major == 4:
        values = []
        for _ in range(size):
            value, at = item(data, at)
            values.append(value)
        return values, at
    if major == 5:
        values = {}
        for _ in range(size):
            key, at = item(data, at)
            values[key], at = item(data, at)
        return values, at
    if major == 6:
        return item(data, at)
    return None, at


def string(data):
    """A byte string in CBOR."""
    size = len(data)
    if size < 24:
        return bytes([0x40 | size]) + data
    if size < 256:
        return bytes([0x58, size]) + data
    return b"\x59" + struct.pack(">H", size) + data


def main():
    with open(sys.argv[1], "rb") as file:
        manifests = next(boxes(store(file.read())))[1]
    manifest = labelled(list(labelled(manifests).values())[-1])
    claim = list(boxes(manifest["c2pa.claim.v2"]))[1][1]
    (protected, unprotected, _, signature), _ = item(list(boxes(manifest["c2pa.signature"]))[1][1])
    header, _ = item(protected)
    parts = {
        "chain": header[33],
        "toBeSigned": [b"\x84\x6aSignature1" + string(protected) + b"\x40" + string(claim)],
        "signature": [signature],
        "tokens": [one["val"] for one in unprotected["sigTst2"]["tstTokens"]],
        "stamped": [b"\x84\x70CounterSignature" + string(protected) + b"\x40" + string(string(signature))],
        "responses": unprotected["rVals"]["ocspVals"],
    }
    result = {name: [base64.b64encode(one).decode() for one in values] for name, values in parts.items()}
    print(json.dumps({"algorithm": header[1], **result}))


main()
