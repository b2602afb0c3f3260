"""Random changes of a store's structure where no signature covers it. The padding makes up for the length, so that the binding holds."""

import struct

import cbor2

from credential_cases_cose import shrunk
from credential_store import TAIL, box, encoded, superbox


def tree(data):
    """The boxes as [kind, payload]; the payload of a superbox is a list of boxes."""
    nodes, at = [], 0
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        payload = data[at + 8 : at + length]
        nodes.append([kind, tree(payload) if kind == b"jumb" else payload])
        at += length
    return nodes


def flat(nodes):
    return b"".join(box(kind, flat(payload) if isinstance(payload, list) else payload) for kind, payload in nodes)


def superboxes(nodes):
    """Every list of boxes in the tree, the outermost first."""
    yield nodes
    for kind, payload in nodes:
        if isinstance(payload, list):
            yield from superboxes(payload)


def extra_box(dice):
    return dice.choice(
        [
            [b"free", bytes(dice.randrange(40))],
            [b"skip", bytes(8)],
            [b"uuid", bytes(16) + b"x"],
            [b"cbor", b"\xa0"],
            [b"json", b"{}"],
            [b"c2sh", bytes(16)],
            [b"jumd", b"cbor" + TAIL + b"\3com.example\0"],
            [b"bidb", b"x"],
            tree(superbox("cbor", "com.example.note", box(b"cbor", b"\xa0")))[0],
            tree(superbox(b"abcd" + TAIL, "com.example", box(b"free", b"")))[0],
            tree(superbox("assertions", "c2pa.assertions"))[0],
            tree(superbox("claim", "c2pa.claim", box(b"cbor", b"\xa0")))[0],
            tree(superbox("signature", "c2pa.signature", box(b"cbor", b"\xa0")))[0],
            tree(superbox("manifest", "urn:c2pa:01010101-2222-4333-8444-555555555555"))[0],
            tree(superbox("credentials", "c2pa.credentials"))[0],
        ]
    )


def change_boxes(nodes, dice):
    """Inserts, repeats, removes or exchanges boxes."""
    place = dice.choice([one for one in superboxes(nodes) if one] or [nodes])
    at = dice.randrange(len(place)) if place else 0
    kind = dice.randrange(5) if place else 0
    if kind == 0:
        place.insert(dice.randrange(len(place) + 1), extra_box(dice))
    elif kind == 1:
        place.insert(dice.randrange(len(place) + 1), place[at])
    elif kind == 2:
        del place[at]
    elif kind == 3:
        other = dice.randrange(len(place))
        place[at], place[other] = place[other], place[at]
    else:
        describe_otherwise(place[at], dice)


def describe_otherwise(node, dice):
    """Another toggle, label or type in a description box."""
    if isinstance(node[1], list):
        node = node[1][0]
    if node[0] == b"jumd" and len(node[1]) > 18:
        body = bytearray(node[1])
        place = dice.choice([0, 4, 16, 16, 17, len(body) - 1])
        body[place] ^= 1 << dice.randrange(8)
        node[1] = bytes(body) + dice.choice([b"", b"", b"\0", b"x\0", box(b"c2sh", bytes(16))])


VALUES = [
    0,
    -7,
    -35,
    1,
    "x",
    b"",
    b"x",
    [],
    {},
    None,
    True,
    [1],
    {"tstTokens": []},
    {"tstTokens": [{"val": b"\x30\0"}]},
    {"ocspVals": []},
    {"ocspVals": [b"\x30\3\n\1\0"]},
]
KEYS = [1, 2, 3, 4, 33, 32, 34, "x5chain", "sigTst", "sigTst2", "rVals", "pad", "pad2", "iat", "own", "temp_signing_time"]


def change_headers(nodes, dice):
    """The unprotected headers of a COSE signature, its payload or its tag."""
    found = [node for place in superboxes(nodes) for node in place if node[0] == b"cbor" and node[1][:2] == b"\xd2\x84"]
    if not found:
        return
    node = dice.choice(found)
    protected, headers, payload, signature = cbor2.loads(node[1]).value
    headers, kind = dict(headers), dice.randrange(6)
    if kind <= 2:
        key, value = dice.choice(KEYS), dice.choice(VALUES)
        # The reference refuses these two, which RFC 9052 allows: an empty key identifier, and a content format that it does not know.
        if (key, value) != (4, b"") and not (key == 3 and type(value) is int and value >= 0):
            headers = {key: value, **headers} if dice.random() < 0.5 else {**headers, key: value}
    elif kind == 3 and headers:
        del headers[dice.choice(list(headers))]
    elif kind == 4:
        payload = dice.choice([b"", b"x", None, False, cbor2.undefined, 0])
    else:
        headers = dict(reversed(headers.items()))
    node[1] = dice.choice([b"\xd2"] * 8 + [b"", b"\xd8\x12", b"\xd1"]) + encoded([protected, headers, payload, signature])


def restructured(store, dice):
    """The store with one or two changes and, where it has padding, with its old length."""
    nodes = tree(store)
    for _ in range(dice.choice([1, 1, 2])):
        (change_boxes if dice.random() < 0.6 else change_headers)(nodes, dice)
    result = flat(nodes)
    try:
        return shrunk(result, len(result) - len(store)) if len(result) != len(store) else result
    except (ValueError, KeyError, OverflowError):
        return result
