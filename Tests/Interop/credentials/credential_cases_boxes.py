"""Cases in the boxes of the store (8.4, 11.1.4): structure signed on purpose, and single fields of finished files broken."""

import struct

from credential_cases import edited, fix_crc, flipped, make, replaced, store_of, walk
from credential_files import PNG
from credential_store import KINDS, TAIL, Assertion, Manifest, actions, box, encoded, signed_file, superbox

SECTION = "11.1.4"
NOTE = {"a": 1}


def parts(name, change, highest="invalid", section="11.1.4.2", codes=(), **more):
    """A change of the three boxes of a manifest: assertion store, claim, signature."""
    return make(f"boxes-{name}", highest, section, codes, hooks={"parts": change}, **more)


def manifests():
    yield parts("order", lambda p: p[::-1], "trusted", SECTION)
    yield parts("without-assertion-store", lambda p: p[1:])
    yield parts("without-claim", lambda p: [p[0], p[2]], codes=("claim.missing",))
    yield parts("without-signature", lambda p: p[:2], codes=("claimSignature.missing",))
    yield parts("empty", lambda p: [])
    yield parts("two-assertion-stores", lambda p: [p[0], *p])
    yield parts("two-claims", lambda p: [p[0], p[1], p[1], p[2]], codes=("claim.multiple",))
    yield parts("two-signatures", lambda p: [*p, p[2]])
    yield parts(
        "claim-of-both-versions",
        lambda p: [*p, superbox("claim", "c2pa.claim", box(b"cbor", encoded({"a": 1})))],
        codes=("claim.multiple",),
    )
    yield parts("unknown-superbox", lambda p: [*p, superbox(b"abcd" + TAIL, "com.example", box(b"cbor", b"\0"))], "trusted", SECTION)
    yield parts("unknown-box", lambda p: [*p, box(b"abcd", b"1234")], None, SECTION)
    yield parts("free-box", lambda p: [*p, box(b"free", b"1234")], "trusted", SECTION)
    yield parts("free-box-first", lambda p: [box(b"free", b"1234"), *p], "trusted", SECTION)
    yield parts("credential-store", lambda p: [*p, superbox("credentials", "c2pa.credentials")], "invalid|trusted", SECTION)
    yield parts("data-boxes", lambda p: [*p, superbox("databoxes", "c2pa.databoxes")], "invalid|trusted", "11.1.4.6")
    yield parts(
        "data-boxes-other", lambda p: [*p, superbox("databoxes", "c2pa.databoxes", box(b"json", b"{}"))], "invalid|trusted", "11.1.4.6"
    )
    yield parts("content-box-beside", lambda p: [*p, box(b"cbor", b"\xa0")], "trusted", "11.1.4.2")
    yield parts("junk-after", lambda p: [*p, b"\1\2\3"])
    yield parts("zeros-after", lambda p: [*p, bytes(8)], "invalid|trusted")
    yield parts("nested-manifest", lambda p: [*p, superbox("manifest", "urn:c2pa:00000000-2222-4333-8444-555555555555", *p)], None, SECTION)
    deep = box(b"free", b"")
    for level in range(100):
        deep = superbox(b"abcd" + TAIL, f"l{level}", deep)
    yield parts("deep", lambda p: [*p, deep], "invalid|trusted", "own limits")
    yield parts("many", lambda p: [*p, *[superbox(b"abcd" + TAIL, f"b{n}", box(b"free", b"")) for n in range(3000)]], "trusted", SECTION)


def longer(superbox_bytes, extra):
    """The superbox with one more box at its end."""
    return struct.pack(">I", len(superbox_bytes) + len(extra)) + superbox_bytes[4:] + extra


def labels():
    def label(name, value, highest="invalid", section="8.4.2", **more):
        return make(f"label-{name}", highest, section, label=value, **more)

    uuid = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
    yield label("urn-uuid", f"urn:uuid:{uuid}", "invalid|trusted", "8.1")
    yield label("urn-uuid-v1", f"urn:uuid:{uuid}", "trusted", version=1)
    yield label("vendor", f"example:urn:uuid:{uuid}", None, version=1)
    yield label("generator", f"urn:c2pa:{uuid}:acme", "trusted")
    yield label("version", f"urn:c2pa:{uuid}:acme:2_1", "trusted")
    yield label("no-urn", "manifest", None)
    yield label("slash", f"urn:c2pa:{uuid}/x", None)
    yield label("space", f"urn:c2pa:{uuid} x", "invalid|trusted", "8.1")
    yield label("unicode", f"urn:c2pa:{uuid}é", "invalid|trusted", "8.1")
    yield label("control", f"urn:c2pa:{uuid}\n", "invalid|trusted", "8.1")
    yield label("long", f"urn:c2pa:{uuid}:" + "x" * 3000, None)
    yield label("upper-case", f"urn:C2PA:{uuid}", None)
    yield parts("claim-label", lambda p: [p[0], p[1].replace(b"c2pa.claim.v2\0", b"c2pa.claim.v9\0"), p[2]])
    yield parts(
        "claim-label-v1-with-v2",
        lambda p: [p[0], superbox("claim", "c2pa.claim", p[1][p[1].index(b"cbor", 40) - 4 :]), p[2]],
        section="10.2",
    )
    yield parts(
        "assertion-store-label", lambda p: [p[0].replace(b"c2pa.assertions\0", b"c2pa.assertionz\0", 1), *p[1:]], section="11.1.4.3"
    )
    yield parts("signature-label", lambda p: [*p[:2], p[2].replace(b"c2pa.signature\0", b"c2pa.signaturx\0", 1)])
    for name, kind in {"claim": b"c2cl", "assertion-store": b"c2as", "signature": b"c2cs"}.items():
        yield parts(f"{name}-type", lambda p, kind=kind: [one.replace(kind + TAIL, b"abcd" + TAIL, 1) for one in p])
    yield parts("claim-content-json", lambda p: [p[0], superbox("claim", "c2pa.claim.v2", box(b"json", b"{}")), p[2]])
    yield parts(
        "claim-content-twice", lambda p: [p[0], superbox("claim", "c2pa.claim.v2", *[p[1][p[1].index(b"cbor", 40) - 4 :]] * 2), p[2]]
    )
    yield parts("claim-content-none", lambda p: [p[0], superbox("claim", "c2pa.claim.v2"), p[2]])
    yield parts(
        "claim-in-superbox",
        lambda p: [p[0], superbox("claim", "c2pa.claim.v2", superbox("claim", "c2pa.claim.v2", p[1][p[1].index(b"cbor", 40) - 4 :])), p[2]],
    )
    yield parts("claim-with-free-box", lambda p: [p[0], longer(p[1], box(b"free", bytes(9))), p[2]], "trusted", "15.12.1.1")
    yield parts("signature-with-free-box", lambda p: [*p[:2], longer(p[2], box(b"free", bytes(9)))], "trusted", "15.12.1.1")
    yield parts("claim-with-other-box", lambda p: [p[0], longer(p[1], box(b"json", b"{}")), p[2]], section="11.1.4.4")
    yield parts("signature-with-other-box", lambda p: [*p[:2], longer(p[2], box(b"json", b"{}"))], section="11.1.4.4")
    yield parts("assertion-store-with-free-box", lambda p: [longer(p[0], box(b"free", bytes(9))), *p[1:]], "trusted", "15.12.1.1")
    yield parts("signature-content-none", lambda p: [*p[:2], superbox("signature", "c2pa.signature")])
    yield parts(
        "signature-content-twice", lambda p: [*p[:2], superbox("signature", "c2pa.signature", *[p[2][p[2].index(b"cbor", 40) - 4 :]] * 2)]
    )


def descriptions():
    """Toggles, salts and labels of an assertion's description box (ISO 19566-5)."""
    content = box(b"cbor", encoded(NOTE))

    def described(name, data, highest="invalid", section="8.4.2.3", **more):
        return make(
            f"description-{name}",
            highest,
            section,
            hooks={"com.example.note box": lambda b: data},
            assertions=[actions(), Assertion("com.example.note", NOTE)],
            **more,
        )

    kind = KINDS["cbor"] + TAIL
    for toggles in (0, 1, 2, 6, 7, 11, 15, 19, 32 + 3, 64 + 3, 128 + 3, 255):
        yield described(
            f"toggles-{toggles}", superbox("cbor", "com.example.note", content, toggles=toggles), "trusted" if toggles == 3 else None
        )
    yield described("with-id", superbox("cbor", "com.example.note", content, toggles=7, extra=b"\0\0\0\5"), "trusted", "ISO 19566-5")
    yield described("with-hash", superbox("cbor", "com.example.note", content, toggles=11, extra=bytes(32)), "trusted", "ISO 19566-5")
    yield described("private-other", superbox("cbor", "com.example.note", content, toggles=19, extra=box(b"abcd", bytes(16))), None)
    yield described("private-two", superbox("cbor", "com.example.note", content, toggles=19, extra=box(b"c2sh", bytes(16)) * 2), None)
    yield described("private-without-toggle", superbox("cbor", "com.example.note", content, extra=box(b"c2sh", bytes(16))), None)
    yield described("junk-after-label", superbox("cbor", "com.example.note", content, extra=b"junk"), None)
    yield described("label-open", box(b"jumb", box(b"jumd", kind + b"\3com.example.note") + content))
    yield described("label-empty", superbox("cbor", "", content))
    yield described("label-other", superbox("cbor", "com.example.other", content))
    yield described("label-not-utf8", superbox("cbor", b"com.example.n\xfft", content))
    yield described("missing", box(b"jumb", content))
    yield described("second-place", box(b"jumb", content + box(b"jumd", kind + b"\3com.example.note\0")))
    yield described("twice", box(b"jumb", box(b"jumd", kind + b"\3com.example.note\0") * 2 + content), None)
    yield described("short", box(b"jumb", box(b"jumd", kind[:10]) + content))
    yield described("no-label", box(b"jumb", box(b"jumd", kind + b"\0") + content))
    yield described("type-json", superbox("json", "com.example.note", content), None)
    yield described("type-unknown", superbox(b"abcd" + TAIL, "com.example.note", content), "invalid|trusted", "11.1.4.3")
    yield described("content-none", superbox("cbor", "com.example.note"), None)
    yield described("content-twice", superbox("cbor", "com.example.note", content, content), None)
    yield described("content-free", superbox("cbor", "com.example.note", content, box(b"free", b"12")), "trusted", "11.1.4.3")
    large = struct.pack(">I4sQ", 1, b"cbor", 16 + len(encoded(NOTE))) + encoded(NOTE)
    yield described("content-long-length", superbox("cbor", "com.example.note", large), "trusted", "ISO 19566-5")
    yield described("content-length-zero", superbox("cbor", "com.example.note", struct.pack(">I4s", 0, b"cbor") + encoded(NOTE)), None)
    whole = superbox("cbor", "com.example.note", content)
    yield described("long-length", struct.pack(">I4sQ", 1, b"jumb", 8 + len(whole)) + whole[8:], None, "ISO 19566-5")
    yield described("long-length-huge", struct.pack(">I4sQ", 1, b"jumb", 2**63) + whole[8:], "invalid", "ISO 19566-5")


def stores():
    """The outermost box."""

    def store(name, change, highest="invalid", section="11.1.4", **more):
        return make(f"store-{name}", highest, section, change=change, **more)

    yield store("length-zero", lambda s: bytes(4) + s[4:], "trusted", "ISO 19566-5")
    yield store("length-plus-1", lambda s: struct.pack(">I", len(s) + 1) + s[4:])
    yield store("length-minus-1", lambda s: struct.pack(">I", len(s) - 1) + s[4:])
    yield store("length-max", lambda s: b"\xff\xff\xff\xff" + s[4:])
    yield store("length-8", lambda s: b"\0\0\0\x08" + s[4:])
    yield store("length-2", lambda s: b"\0\0\0\x02" + s[4:])
    yield store("long-length", lambda s: struct.pack(">I4sQ", 1, b"jumb", len(s) + 8) + s[8:], "trusted", "ISO 19566-5")
    yield store("label", lambda s: s.replace(b"c2pa\0", b"c2pb\0", 1))
    yield store("label-empty", lambda s: superbox("store", "", s[38:]))
    yield store("type", lambda s: s.replace(b"c2pa" + TAIL, b"abcd" + TAIL, 1))
    yield store("not-requestable", lambda s: s[:32] + b"\2" + s[33:], None)
    yield store("empty", lambda s: superbox("store", "c2pa"))
    yield store("only-free", lambda s: superbox("store", "c2pa", box(b"free", bytes(100))))
    yield store("free-after-manifest", lambda s: struct.pack(">I", len(s) + 20) + s[4:] + box(b"free", bytes(12)), "trusted")
    yield store(
        "unknown-after-manifest",
        lambda s: superbox("store", "c2pa", s[38:], superbox(b"abcd" + TAIL, "com.example", box(b"free", b""))),
        None,
        "15.5.1",
    )
    yield store("manifest-type", lambda s: s.replace(b"c2ma" + TAIL, b"abcd" + TAIL, 1))
    yield store("manifest-type-older", lambda s: s.replace(b"c2ma" + TAIL, b"c2md" + TAIL, 1), "trusted", "11.2.2")
    yield store("manifest-type-compressed", lambda s: s.replace(b"c2ma" + TAIL, b"c2cm" + TAIL, 1))
    yield store("manifest-type-update", lambda s: s.replace(b"c2ma" + TAIL, b"c2um" + TAIL, 1), "invalid", "15.10.1.3")
    yield store("manifest-twice", lambda s: superbox("store", "c2pa", s[38:] * 2), "invalid", "11.1.4.2")
    yield store("nested", lambda s: superbox("store", "c2pa", s), "invalid")
    yield store("junk-after", lambda s: s + b"\1\2\3\4", "invalid", "15.12.1.1")
    yield store("zeros-after", lambda s: s + bytes(4), "invalid", "15.12.1.1")
    yield store("second-store-after", lambda s: s + s, "invalid", "15.5.1")
    yield store("free-box-after", lambda s: s + box(b"free", bytes(4)), None, "15.12.1.1")


FIELDS = {"length": 3, "type": 4, "first": 8, "last": -1}


def broken():
    """One bit of one field of each box of a finished file; the checksum of the chunk is right again."""
    data = signed_file(PNG(), Manifest(assertions=[actions(), Assertion("c2pa.icon", b"<svg/>", "embedded", salt=bytes(16))]))
    start, end = store_of(data)
    seen = {}
    for path, kind, at, payload, stop in walk(data[start:end]):
        seen[path] = seen.get(path, 0) + 1
        name = path.strip("/").replace("/", ".") + (f"-{seen[path]}" if seen[path] > 1 else "")
        for field, offset in FIELDS.items():
            place = start + (stop - 1 if offset < 0 else at + offset)
            yield edited(f"flip-{name}-{field}", fix_crc(flipped(data, place)), None, SECTION)
        if kind == b"jumd":
            yield edited(f"flip-{name}-toggles", fix_crc(flipped(data, start + payload + 16, 2)), None, SECTION)
            yield edited(f"flip-{name}-label", fix_crc(flipped(data, start + payload + 17)), None, SECTION)
            yield edited(
                f"flip-{name}-label-end", fix_crc(replaced(data, start + data[start:].index(b"\0", payload + 17), b"x")), None, SECTION
            )
        elif kind != b"jumb":
            yield edited(f"flip-{name}-middle", fix_crc(flipped(data, start + (payload + stop) // 2)), None, SECTION)
    for at in range(0, end - start, (end - start) // 60):
        cut = data[start : start + at]
        yield edited(f"cut-store-{at}", data[: start - 8] + chunk(cut) + data[end + 4 :], "invalid", SECTION)


def chunk(store):
    from credential_files import chunk as plain

    return plain(b"caBX", store)


GROUPS = [manifests, labels, descriptions, stores, broken]
