"""Cases in the COSE signature (13.2, 14.5): headers, algorithms, certificate chains, the payload, the unsigned padding."""

import struct

import cbor2
from cryptography.hazmat.primitives.asymmetric import utils

import credential_certificates as certificates
from credential_cases import edited, make, resize, store_of, with_entries
from credential_files import FORMATS, chunk, jpeg_segment, riff_chunk
from credential_files import PNG as Picture
from credential_store import Manifest, encoded, signed_file

INVALID = ("signingCredential.invalid",)
MISMATCH = ("claimSignature.mismatch",)
SECTION = "13.2.1"


def headers():
    def protected(name, change, highest="invalid", section=SECTION, codes=(), **more):
        return make(f"cose-{name}", highest, section, codes, hooks={"protected": change}, **more)

    def moved(h):
        return {key: h[key] for key in h if key != 1}

    yield make("cose-alg-unprotected", "invalid", SECTION, hooks={"protected": moved}, unprotected={1: -7})
    yield make("cose-alg-both", "invalid|trusted", "RFC 8152 3", unprotected={1: -7})
    yield make("cose-alg-both-different", "invalid|trusted", "RFC 8152 3", unprotected={1: -35})
    yield protected("alg-missing", moved)
    yield protected("alg-text", lambda h: h | {1: "ES256"})
    for name, number in {
        "es384": -35,
        "es512": -36,
        "ps256": -37,
        "eddsa": -8,
        "rs256": -257,
        "es256k": -47,
        "hs256": 5,
        "zero": 0,
        "private": -70000,
    }.items():
        codes = ("algorithm.unsupported",) if name in ("rs256", "es256k", "hs256", "zero", "private") else ()
        yield protected(f"alg-wrong-{name}", lambda h, number=number: h | {1: number}, codes=codes)
    yield protected("alg-wrong-es256-on-ps256", lambda h: h | {1: -7}, algorithm="ps256")
    yield protected("alg-wrong-ps384-on-ps256", lambda h: h | {1: -38}, algorithm="ps256")
    yield protected("alg-wrong-es256-on-ed25519", lambda h: h | {1: -7}, algorithm="ed25519")
    yield protected("alg-wrong-es384-on-es512", lambda h: h | {1: -35}, algorithm="es512")
    yield protected("extra-header", lambda h: h | {"own": 1}, "trusted")
    yield protected("content-type", lambda h: h | {3: "application/cbor"}, "trusted")
    yield protected("kid", lambda h: h | {4: b"key"}, "trusted")
    yield protected("critical-unknown", lambda h: h | {2: ["own"], "own": 1}, "invalid", "RFC 9052 3.1")
    yield protected("critical-missing", lambda h: h | {2: ["own"]}, "invalid", "RFC 9052 3.1")
    yield protected("critical-empty", lambda h: h | {2: []}, "invalid", "RFC 9052 3.1")
    yield protected("critical-known", lambda h: h | {2: [1]}, None, "RFC 9052 3.1")
    yield protected("protected-empty", lambda h: b"")
    yield protected("protected-not-map", lambda h: encoded([1, -7]))
    yield protected("protected-trailing", lambda h: encoded(h) + b"\0", "invalid", "RFC 8949 5.3")
    yield protected("protected-duplicate-alg", lambda h: with_entries(encoded(h), encoded(1) + encoded(-7)), "invalid", "RFC 8949 5.6")
    yield protected("protected-long-form", lambda h: b"\xb8" + bytes([len(h)]) + encoded(h)[1:], "trusted", "RFC 9052 9")
    yield protected("protected-order", lambda h: {33: h[33], 1: h[1]}, "trusted")


def header_types():
    """Unprotected headers: other ones, and common ones of a wrong type."""
    # The types of the common headers (RFC 9052 3.1): a wrong one makes the whole message malformed.
    wrong = {
        "alg-map": (1, {}),
        "critical": (2, ["own"]),
        "content-type-negative": (3, -7),
        "content-type-list": (3, []),
        "content-type-without-slash": (3, "x"),
        "kid-number": (4, 1),
    }
    for name, (key, value) in {**wrong, "iv-number": (5, 1), "partial-iv-text": (6, "x")}.items():
        yield make(f"cose-unprotected-{name}", "invalid", "RFC 9052 3.1", unprotected={key: value})
    yield make("cose-unprotected-note", "trusted", SECTION, unprotected={"note": 5})
    yield make("cose-unprotected-kid", "trusted", SECTION, unprotected={4: b"key"})
    yield make(
        "cose-unprotected-duplicate",
        "invalid",
        "RFC 8949 5.6",
        hooks={"message": lambda m: [m[0], Duplicate(), *m[2:]], "cose bytes": Duplicate.write},
    )


class Duplicate(dict):
    """A header map that is written with one key twice."""

    def __init__(self):
        super().__init__({"pad": bytes(2000), "paD": 1})

    @staticmethod
    def write(raw):
        return raw.replace(b"\x63paD", b"\x63pad")


def shapes():
    def message(name, change, highest="invalid", codes=(), section=SECTION, **more):
        return make(f"cose-{name}", highest, section, codes, hooks={"message": change}, **more)

    yield message("payload-empty", lambda m: [m[0], m[1], b"", m[3]], section="13.2.2")
    yield message("payload-other", lambda m: [m[0], m[1], b"other claim", m[3]], section="13.2.2")
    yield message("payload-false", lambda m: [m[0], m[1], False, m[3]], section="13.2.2")
    yield message("payload-undefined", lambda m: [m[0], m[1], cbor2.undefined, m[3]], section="13.2.2")
    yield message("payload-text", lambda m: [m[0], m[1], "", m[3]], section="13.2.2")
    yield message("three-items", lambda m: m[:3])
    yield message("five-items", lambda m: [*m, b""])
    yield message("protected-map", lambda m: [cbor2.loads(m[0]), *m[1:]])
    yield message("unprotected-list", lambda m: [m[0], [], *m[2:]])
    yield message("unprotected-bytes", lambda m: [m[0], encoded(m[1]), *m[2:]])
    yield message("signature-text", lambda m: [*m[:3], m[3].hex()])
    yield message("signature-null", lambda m: [*m[:3], None])

    def raw(name, change, highest="invalid", codes=(), section=SECTION, **more):
        return make(f"cose-{name}", highest, section, codes, hooks={"cose bytes": change}, **more)

    yield raw("untagged", lambda b: b[1:], "invalid")
    yield raw("tag-98", lambda b: b"\xd8\x62" + b[1:])
    yield raw("tag-17", lambda b: b"\xd1" + b[1:])
    yield raw("tag-twice", lambda b: b"\xd2" + b)
    yield raw("tag-long", lambda b: b"\xd8\x12" + b[1:], "invalid|trusted", section="RFC 8949 4.2")
    yield raw("list-indefinite", lambda b: b"\xd2\x9f" + b[2:] + b"\xff", None, section="RFC 8949 4.2")
    yield raw("list-long", lambda b: b"\xd2\x98\x04" + b[2:], None, section="RFC 8949 4.2")
    yield raw("trailing", lambda b: b + b"\0", "invalid", section="RFC 8949 5.3")
    yield raw("trailing-many", lambda b: b + bytes(100), "invalid", section="RFC 8949 5.3")
    yield raw("cut", lambda b: b[:-1])
    yield raw("empty", lambda b: b"")
    yield raw("map", lambda b: b"\xa0")


def signatures():
    def signature(name, change, highest="invalid", codes=MISMATCH, algorithm="es256", section="13.2.3"):
        return make(f"cose-signature-{name}", highest, section, codes, hooks={"signature": change}, algorithm=algorithm)

    for algorithm in certificates.ALGORITHMS:
        yield signature(f"flipped-{algorithm}", lambda s: bytes([s[0] ^ 1]) + s[1:], algorithm=algorithm)
        yield signature(f"zero-{algorithm}", lambda s: bytes(len(s)), algorithm=algorithm)
        yield signature(f"cut-{algorithm}", lambda s: s[:-1], algorithm=algorithm, codes=())
        yield signature(f"longer-{algorithm}", lambda s: s + b"\0", algorithm=algorithm, codes=())
    yield signature("empty", lambda s: b"", codes=())
    yield signature("r-zero", lambda s: bytes(32) + s[32:])
    yield signature("r-order", lambda s: (0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551).to_bytes(32, "big") + s[32:])
    yield signature("swapped", lambda s: s[32:] + s[:32])
    yield signature(
        "der",
        lambda s: (utils.encode_dss_signature(int.from_bytes(s[:32], "big") or 1, int.from_bytes(s[32:], "big") or 1) + bytes(9))[:72],
        codes=(),
    )
    yield signature("padded", lambda s: bytes(4) + s[:32] + bytes(4) + s[32:], codes=())
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    yield signature("high-s", lambda s: s[:32] + ((order - int.from_bytes(s[32:], "big")) % order).to_bytes(32, "big"), "trusted", ())
    for name, change in {
        "aad": lambda p, c: ["Signature1", p, b"x", c],
        "context": lambda p, c: ["Signature", p, b"", c],
        "claim": lambda p, c: ["Signature1", p, b"", c + b"\0"],
        "header": lambda p, c: ["Signature1", p + b"\0", b"", c],
        "countersignature": lambda p, c: ["CounterSignature", p, b"", c],
    }.items():
        yield make(
            f"cose-signed-other-{name}",
            "invalid",
            "13.2.2",
            MISMATCH,
            hooks={"to be signed": lambda b, change=change: encoded(change(*(cbor2.loads(b)[1::2])))},
        )
    for salt in (0, 20, 222):
        yield make(
            f"cose-pss-salt-{salt}",
            "invalid",
            "RFC 8230 2",
            algorithm="ps256",
            signing_key=OtherSalt(certificates.signer("ps256").private, salt),
        )
    other = certificates.issue("Other Key", "p256", certificates.roots()[1], number=5)
    yield make("cose-signed-by-other-key", "invalid", "13.2.3", MISMATCH, signing_key=other.private)


class OtherSalt:
    """An RSA key that signs with another length of salt."""

    def __init__(self, private, salt):
        self.private, self.salt, self.key_size = private, salt, private.key_size

    def sign(self, data, scheme, digest):
        padding = certificates.padding
        return self.private.sign(data, padding.PSS(padding.MGF1(digest), self.salt), digest)


def chains():
    root, _middle, _ = certificates.roots()
    person = certificates.signer("es256")
    leaf, above = person.chain[0], person.chain[1]
    stranger = certificates.issue(
        "Stranger", "p256", certificates.issue("Stranger's Root", "rsa2048", number=6, is_authority=True), number=6
    )

    def chain(name, value, highest="invalid", codes=INVALID, section="14.5", label=33, **more):
        return make(f"chain-{name}", highest, section, codes, hooks={"protected": lambda h: {1: h[1], label: value}}, **more)

    yield chain("single-bytes", leaf, "valid", ("signingCredential.untrusted",))
    yield chain("single-list", [leaf], "valid", ())
    yield chain("with-root", [leaf, above, root.certificate], "trusted", ())
    yield chain("wrong-order", [above, leaf])
    yield chain("middle-after-root", [leaf, root.certificate, above], "valid|trusted", ())
    yield chain("leaf-twice", [leaf, leaf, above], "valid|trusted|invalid", ())
    yield chain("stranger-between", [leaf, stranger.chain[0], above], "valid|trusted", ())
    yield chain("stranger-last", [leaf, above, stranger.certificate], "valid|trusted", ())
    yield chain("stranger-first", [stranger.certificate, leaf, above], "invalid", MISMATCH + INVALID)
    yield chain("empty", [], codes=())
    yield chain("empty-bytes", b"", codes=())
    yield chain("bytes-garbage", b"\x30\x03\x02\x01\x05")
    yield chain("second-garbage", [leaf, b"\x30\x03\x02\x01\x05"], "invalid|valid", ())
    yield chain("second-empty", [leaf, b""], "invalid|valid", ())
    yield chain("second-text", [leaf, "x"], "invalid|valid", ())
    yield chain("first-text", ["x", leaf, above], codes=())
    yield chain("text", "x", codes=())
    yield chain("null", None, codes=())
    yield chain("map", {0: leaf}, codes=())
    yield chain("trailing-in-leaf", [leaf + b"\0", above])
    yield chain("cut-leaf", [leaf[:-1], above])
    yield chain("eleven", [leaf, above, *[above] * 9], "invalid|valid|trusted", (), reserve=15000)
    yield chain("fifty", [leaf, above, *[above] * 48], "invalid|valid|trusted", (), reserve=60000)
    yield chain("text-label", [leaf, above], "trusted", (), label="x5chain")
    yield chain("text-label-other", [leaf, above], codes=(), label="x5Chain")
    yield chain("x5bag", [leaf, above], codes=(), label=32)
    yield make("chain-unprotected-33", "trusted", "14.5", hooks={"protected": lambda h: {1: h[1]}}, unprotected={33: [leaf, above]})
    yield make(
        "chain-unprotected-text", "trusted", "14.5", hooks={"protected": lambda h: {1: h[1]}}, unprotected={"x5chain": [leaf, above]}
    )
    yield make("chain-both-33", "invalid", "14.5", unprotected={33: [leaf, above]})
    yield make("chain-both-33-text", "invalid|trusted", "14.5", unprotected={"x5chain": [leaf, above]})
    yield make("chain-both-labels-protected", "invalid|trusted", "14.5", hooks={"protected": lambda h: h | {"x5chain": [leaf, above]}})
    yield make(
        "chain-both-text",
        "invalid",
        "14.5",
        hooks={"protected": lambda h: {1: h[1], "x5chain": h[33]}},
        unprotected={"x5chain": [leaf, above]},
    )
    yield make("chain-both-different", "invalid", "14.5", unprotected={33: stranger.chain[0]})
    yield make("chain-none", "invalid", "14.5", hooks={"protected": lambda h: {1: h[1]}})


def pads():
    """The unsigned padding. Its bytes are in no hash, so that foreign bytes can hide there (the exclusion hole)."""

    def pad(name, change, highest=None, section="10.2", codes=()):
        return make(f"pad-{name}", highest, section, codes, hooks={"headers": change})

    yield pad("not-zero", lambda h: h | {"pad": b"\1" * len(h["pad"])})
    yield pad("last-not-zero", lambda h: h | {"pad": h["pad"][:-1] + b"\1"})
    yield pad("text", lambda h: h | {"pad": "\0" * len(h["pad"])})
    yield pad("other-name", lambda h: {"pax": h["pad"]})
    yield pad("second", lambda h: h | {"pad": h["pad"][:-200], "pad2": bytes(100)})
    yield pad("second-not-zero", lambda h: h | {"pad": h["pad"][:-200], "pad2": b"\1" * 100})
    yield make("pad-none", "trusted", "10.2", reserve="none")
    picture = Picture()
    yield make("pad-hidden-idat", None, "10.2", picture=picture, hooks={"headers": lambda h: h | {"pad": hidden(h["pad"])}})


def hidden(pad):
    other = b"".join(chunk(kind, body) for kind, body in Picture(9, (16, 8)).chunks if kind == b"IDAT")
    return other[: len(pad)].ljust(len(pad), b"\0")


def shrunk(data, wanted):
    """The store of a signed file with its padding shorter by the wanted number of bytes. Every signature and hash stays right."""
    at = data.rindex(b"\x63pad") + 4
    major = data[at]
    size = {0x58: 1, 0x59: 2, 0x5A: 4}[major]
    length = int.from_bytes(data[at + 1 : at + 1 + size], "big")
    new = bytes([major]) + (length - wanted).to_bytes(size, "big") + bytes(length - wanted)
    return resize(data, at, at + 1 + size + length, new)


HOLE = {"highest": "invalid", "section": "15.12.1.1", "codes": ("assertion.dataHash.mismatch", "assertion.dataHash.malformed")}


def forged_png():
    """The exclusion hole: the freed bytes of the exclusion hold foreign chunks; length, hash and signature stay right."""
    data = signed_file(Picture(), Manifest(reserve=6000))
    start, end = store_of(data)
    before, store, after = data[: start - 8], data[start:end], data[end + 4 :]
    for name, freed, foreign in [
        ("idat", 2400, forged_idat(2400)),
        ("text-chunk", 400, chunk(b"tEXt", b"k\0" + bytes(386))),
        ("own-chunk", 12, chunk(b"prVt", b"")),
        ("plte", 300, chunk(b"PLTE", bytes(288))),
    ]:
        own = chunk(b"caBX", shrunk(store, freed))
        yield edited(f"hole-png-{name}-after", before + own + foreign + after, **HOLE)
        yield edited(f"hole-png-{name}-before", before + foreign + own + after, **HOLE)
    store = shrunk(store, 200)
    yield edited("hole-png-junk-in-chunk", before + chunk(b"caBX", store + bytes(range(200))) + after, **HOLE)
    yield edited("hole-png-zeros-in-chunk", before + chunk(b"caBX", store + bytes(200)) + after, **HOLE)
    box = struct.pack(">I", 200) + b"free" + bytes(192)
    yield edited("hole-png-free-box-in-chunk", before + chunk(b"caBX", store + box) + after, None, "15.12.1.1")


def forged_jpeg():
    source = FORMATS["jpeg"]()
    data = signed_file(source, Manifest(reserve=6000))
    start, end = 20, 20 + len(data) - len(source.data)
    store = data[start + 12 : end]
    rest = b"".join(source.segments(shrunk(store, 200)))
    kinds = {"app1": (0xE1, b"Exif\0\0"), "app11": (0xEB, b"JP\3\1\0\0\0\1"), "com": (0xFE, b"x"), "dqt": (0xDB, b"\0")}
    for name, (marker, body) in {**kinds, "app2": (0xE2, b"ICC_PROFILE\0\1\1")}.items():
        segment = jpeg_segment(marker, body.ljust(196, b"\1"))
        yield edited(f"hole-jpeg-{name}-after", data[:start] + rest + segment + data[end:], suffix=".jpg", **HOLE)
        yield edited(f"hole-jpeg-{name}-before", data[:start] + segment + rest + data[end:], suffix=".jpg", **HOLE)
    source.segment = 3000
    pieces = source.segments(shrunk(store, 200 + 20 * (len(store) // 3000)))
    fill = jpeg_segment(0xE1, b"Exif\0\0".ljust(end - start - len(b"".join(pieces)) - 4, b"\1"))
    between = data[:start] + pieces[0] + fill + b"".join(pieces[1:]) + data[end:]
    yield edited("hole-jpeg-app1-between", between, suffix=".jpg", **HOLE)


def forged_webp():
    data = signed_file(FORMATS["webp"](), Manifest(reserve=6000))
    start = data.index(b"C2PA")
    store = shrunk(data[start + 8 :], 200)
    own = riff_chunk(b"C2PA", store)
    for name, kind in {"exif": b"EXIF", "vp8": b"VP8 ", "own": b"OWN "}.items():
        extra = riff_chunk(kind, bytes(192))
        yield edited(f"hole-webp-{name}-after", data[:start] + own + extra, suffix=".webp", **HOLE)
        yield edited(f"hole-webp-{name}-before", data[:start] + extra + own, suffix=".webp", **HOLE)
    yield edited("hole-webp-junk-in-chunk", data[:start] + riff_chunk(b"C2PA", store + bytes(range(200))), suffix=".webp", **HOLE)


def forged_idat(size):
    """A whole other picture's data in exactly this number of bytes."""
    import zlib

    import numpy as np

    rows = np.zeros((64, 96 * 3 + 1), np.uint8)
    rows[:, 1:] = np.arange(64, dtype=np.uint8)[:, None]
    packed = zlib.compress(rows.tobytes())
    return chunk(b"IDAT", packed.ljust(size - 12, b"\0"))


GROUPS = [headers, header_types, shapes, signatures, chains, pads, forged_png, forged_jpeg, forged_webp]
