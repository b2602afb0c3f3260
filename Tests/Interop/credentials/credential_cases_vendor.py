"""The pictures of the vendor, damaged on purpose. They come from the corpus; without it there are no such cases."""

import pathlib
import struct
import zlib

from credential_cases import edited, fix_crc, flipped, replaced, store_of
from credential_cases_cose import shrunk
from credential_files import chunk

# One picture of each of the vendor's two chains: ES256 and PS256.
PICTURES = {"es256": "chair-1254x1254", "ps256": "sweater-1122x1402"}
CORPUS = None
MISMATCH = ("assertion.dataHash.mismatch", "assertion.dataHash.malformed")


def forged_pixels(data, size):
    """Another picture of the same dimensions and colour type, small enough for the freed padding."""
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    packed = zlib.compress((b"\0" + b"\x20" * (width * channels * depth // 8)) * height, 9)
    return chunk(b"IDAT", packed) if len(packed) + 12 <= size else None


def vendor():
    for kind, stem in PICTURES.items():
        path = pathlib.Path(CORPUS or "/nowhere") / f"{stem}.png"
        if path.exists():
            yield from damaged(kind, path.read_bytes())


def damaged(kind, data):
    def case(name, changed, highest="invalid", section="15.12.1.1", codes=()):
        return edited(f"vendor-{kind}-{name}", changed, highest, section, codes)

    start, end = store_of(data)
    store, before, after = data[start:end], data[: start - 8], data[end + 4 :]
    yield case("untouched", data, "trusted")
    pad = data.rindex(b"\x63pad", start, end) + 7
    junk = replaced(data, pad + 100, bytes(range(1, 200)))
    yield case("pad-not-zero", fix_crc(junk), "trusted|invalid")
    forged = forged_pixels(data, 7000)
    if forged:
        yield case("forged-picture-after", before + chunk(b"caBX", shrunk(store, len(forged))) + forged + after, codes=MISMATCH)
        yield case("forged-picture-before", before + forged + chunk(b"caBX", shrunk(store, len(forged))) + after, codes=MISMATCH)
        yield case("forged-picture-in-pad", fix_crc(replaced(data, pad, forged)), "trusted|invalid")
    yield case("junk-in-chunk", before + chunk(b"caBX", shrunk(store, 500) + b"\1" * 500) + after, codes=MISMATCH)
    yield case("pixel", flipped(data, len(data) // 2), codes=MISMATCH)
    yield case("crc", flipped(data, end), "invalid|unreadable")
    yield case("appended", data + b"\0", codes=MISMATCH)
    yield case("agent", fix_crc(data.replace(b"gpt-image", b"gpt-imagX", 1)), codes=("assertion.hashedURI.mismatch",))
    yield case("title", fix_crc(data.replace(b"image.png", b"imagX.png", 1)), codes=("claimSignature.mismatch",))
    yield case("signature-flipped", fix_crc(flipped(data, end - 40)), codes=("claimSignature.mismatch",))
    token = data.index(b"tstTokens", start)
    yield case("stamp-flipped", fix_crc(flipped(data, token + 150)), "trusted")
    leaf = data.index(b"OpenAI Media Service", data.index(b"c2pa.signature\0", start))
    yield case("leaf-name", fix_crc(flipped(data, leaf)), codes=("claimSignature.mismatch",))
    responses = [at for at in range(start, end) if data.startswith(b"rVals", at)]
    if responses:
        yield case("revocation-flipped", fix_crc(flipped(data, responses[0] + 300)), "trusted")
    stripped = b"".join([before, after])
    yield case("stripped", stripped, "absent", "15.5")
    other = replaced(data, data.index(b"urn:c2pa:", start) + 12, b"0")
    yield case("label", fix_crc(other), codes=())
    for number, at in enumerate(range(start + 40, end, (end - start) // 25)):
        yield case(f"flip-{number}", fix_crc(flipped(data, at, 0x10)), None)


GROUPS = [vendor]
