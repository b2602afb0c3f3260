"""Cases in the file around the store (15.12.1, A.3): pixels, chunks, segments, several stores, checksums. None is signed again."""

import struct

from credential_cases import edited, flipped, make, replaced, store_of
from credential_files import FORMATS, JPEG, PNG, WebP, chunk, jpeg_segment, riff_chunk
from credential_store import Manifest, signed_file

SECTION = "15.12.1.1"
MISMATCH = ("assertion.dataHash.mismatch",)


def pixels():
    for kind, picture in FORMATS.items():
        source = picture()
        data = signed_file(source, Manifest())
        places = {
            "png": (data.find(b"IDAT") + 500, data.rfind(b"IDAT") + 40, 20),
            "jpeg": (len(data) - 300, len(data) - 30, 6),
            "webp": (60, 300, 22),
        }[kind]
        for number, at in enumerate(places):
            yield edited(
                f"pixels-flipped-{kind}-{number}", flipped(data, at, 4), "invalid", SECTION, MISMATCH if number < 2 else (), source.suffix
            )
        for name, extra in {"byte": b"\0", "line": b"\r\n", "kilobyte": bytes(range(256)) * 4}.items():
            yield edited(f"appended-{name}-{kind}", data + extra, "invalid", SECTION, MISMATCH, source.suffix)
        yield edited(f"prepended-{kind}", b"\0" + data, "invalid", "A.3", (), source.suffix)
        for cut in (1, 4, 12, 13, 200):
            yield edited(f"cut-{cut}-{kind}", data[:-cut], "invalid", SECTION, (), source.suffix)
        other = signed_file(picture(2), Manifest())
        yield edited(f"store-of-another-{kind}", moved_store(source, other, picture(1)), "invalid", SECTION, MISMATCH, source.suffix)
        plain = source.embed(b"")[0] if kind == "webp" else source.data if kind == "jpeg" else data[:33] + data[store_of(data)[1] + 4 :]
        yield edited(
            f"store-removed-{kind}",
            plain if kind != "webp" else b"RIFF" + struct.pack("<I", 4 + len(source.body)) + b"WEBP" + source.body,
            "absent",
            "15.5",
            (),
            source.suffix,
        )


def moved_store(source, other, picture):
    """The store of another signed file in this picture."""
    if source.kind == "png":
        start, end = store_of(other)
        return picture.embed(other[start:end])[0]
    if source.kind == "webp":
        at = other.index(b"C2PA")
        (size,) = struct.unpack("<I", other[at + 4 : at + 8])
        return picture.embed(other[at + 8 : at + 8 + size])[0]
    (size,) = struct.unpack(">H", other[22:24])
    return picture.embed(other[32 : 22 + size])[0]


def png():
    source = PNG()
    data = signed_file(source, Manifest())
    start, end = store_of(data)
    store, whole, rest = data[start:end], data[start - 8 : end + 4], data[end + 4 :]
    yield edited("png-crc-wrong", replaced(data, end, b"\0\0\0\0"), "invalid", "issue defect 3")
    yield edited("png-crc-flipped", flipped(data, end), "invalid", "issue defect 3")
    yield edited("png-crc-of-idat-wrong", flipped(data, data.index(b"IDAT") + 4 + 4096), "invalid", SECTION, MISMATCH)
    yield edited("png-store-twice", data[: start - 8] + whole + whole + rest, "invalid", "15.5.1")
    yield edited("png-store-twice-apart", data[:-12] + whole + data[-12:], "invalid", "15.5.1")
    yield edited("png-store-and-empty", data[: start - 8] + whole + chunk(b"caBX", b"") + rest, "invalid", "15.5.1")
    yield edited("png-store-empty", data[: start - 8] + chunk(b"caBX", b"") + rest, "invalid", "15.5.1")
    yield edited(
        "png-split-chunk", data[: start - 8] + chunk(b"caBX", store[:2000]) + chunk(b"caBX", store[2000:]) + rest, "invalid", "A.3.2"
    )
    yield edited("png-junk-in-chunk", data[: start - 8] + chunk(b"caBX", store + b"junk") + rest, "invalid", SECTION)
    yield edited("png-junk-before-store", data[: start - 8] + chunk(b"caBX", b"\0" + store) + rest, "invalid", SECTION)
    for name, kind in {"lower": b"cabx", "upper": b"CABX", "safe": b"caBx", "critical": b"CaBX", "other": b"caBY"}.items():
        yield edited(f"png-chunk-type-{name}", data[: start - 8] + chunk(kind, store) + rest, "absent", "A.3.2")
    yield edited("png-before-header", data[:8] + whole + data[8 : start - 8] + rest, "invalid", SECTION)
    yield edited("png-after-data", data[: start - 8] + rest[:-12] + whole + rest[-12:], "invalid", SECTION)
    yield edited("png-after-end", data[: start - 8] + rest + whole, "invalid", SECTION)
    at = rest.index(b"IDAT", 10) - 4
    yield edited("png-between-data", data[: start - 8] + rest[:at] + whole + rest[at:], "invalid", SECTION)
    for name, extra in {
        "text": chunk(b"tEXt", b"a\0b"),
        "idat": chunk(b"IDAT", b""),
        "time": chunk(b"tIME", bytes(7)),
        "private": chunk(b"prVt", b"1"),
    }.items():
        yield edited(f"png-added-{name}-before", data[: start - 8] + extra + whole + rest, "invalid", SECTION, MISMATCH)
        yield edited(f"png-added-{name}-after", data[: start - 8] + whole + extra + rest, "invalid", SECTION, MISMATCH)
        yield edited(f"png-added-{name}-last", data + extra, "invalid", SECTION, MISMATCH)
    swapped = list(source.chunks)
    swapped[1], swapped[2] = swapped[2], swapped[1]
    yield edited(
        "png-data-reordered", data[: start - 8] + whole + b"".join(chunk(*one) for one in swapped[1:]), "invalid", SECTION, MISMATCH
    )
    yield edited("png-length-larger", replaced(data, start - 8, struct.pack(">I", end - start + 12)), "invalid", "A.3.2")
    yield edited("png-length-huge", replaced(data, start - 8, b"\x7f\xff\xff\xff"), "invalid", "A.3.2")
    yield edited("png-length-negative", replaced(data, start - 8, b"\xff\xff\xff\xff"), "invalid", "A.3.2")
    yield edited("png-signature-flipped", flipped(data, 3), "invalid", "A.3.2")
    # Signed on purpose in unusual places.
    for place, after in (("last", len(source.chunks) - 1), ("between-data", 3)):
        picture = PNG()
        picture.embed = lambda store, after=after, own=picture: PNG.embed(own, store, after)
        yield make(f"png-signed-{place}", None, "A.3.2", picture=picture)
    picture = PNG()
    picture.embed = lambda store: PNG.embed(picture, store, 1, 0)
    yield make("png-signed-with-wrong-crc", "invalid", "issue defect 3", picture=picture)
    picture = PNG()
    picture.chunks.append((b"tEXt", b"a\0after the end"))
    yield make("png-signed-chunk-after-end", None, SECTION, picture=picture)


def segments_of(data):
    """The APP11 segments of a JPEG: a list of their bytes, where they start and where they end."""
    at, found, first = 2, [], None
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        (size,) = struct.unpack(">H", data[at + 2 : at + 4])
        if data[at + 1] == 0xEB:
            first = at if first is None else first
            found.append(data[at : at + 2 + size])
        elif found:
            break
        at += 2 + size
    return found, first, first + sum(map(len, found))


def jpeg():
    source = JPEG(segment=1500)
    data = signed_file(source, Manifest())
    parts, start, end = segments_of(data)
    comment = jpeg_segment(0xFE, b"x")

    def joined(name, pieces, highest="invalid", section=SECTION, codes=()):
        return edited(f"jpeg-{name}", data[:start] + b"".join(pieces) + data[end:], highest, section, codes, ".jpg")

    yield joined("comment-between", [parts[0], comment, *parts[1:]])
    yield joined("comment-before", [comment, *parts], codes=MISMATCH)
    yield joined("comment-after", [*parts, comment], codes=MISMATCH)
    yield joined("fill-bytes", [parts[0], b"\xff", *parts[1:]])
    yield joined("segments-swapped", [parts[0], parts[2], parts[1], *parts[3:]], section="A.3.1")
    yield joined("first-last", [*parts[1:], parts[0]], section="A.3.1")
    yield joined("segment-missing", [*parts[:2], *parts[3:]], section="A.3.1")
    yield joined("last-missing", parts[:-1], section="A.3.1")
    yield joined("segment-twice", [parts[0], parts[1], parts[1], *parts[2:]], section="A.3.1")
    yield joined("store-twice", parts * 2, section="15.5.1")
    yield joined("store-twice-other-number", parts + [one[:6] + b"\3\3" + one[8:] for one in parts], section="15.5.1")
    foreign = jpeg_segment(
        0xEB,
        b"JP\7\7\0\0\0\1" + struct.pack(">I", 40) + b"jumb" + struct.pack(">I", 32) + b"jumd" + b"abcd" + bytes(12) + b"\3abc\0" + bytes(3),
    )
    yield joined("foreign-app11-before", [foreign, *parts], codes=MISMATCH)
    yield joined("foreign-app11-between", [parts[0], foreign, *parts[1:]])
    yield joined("foreign-app11-after", [*parts, foreign], codes=MISMATCH)
    yield joined("number-differs", [parts[0], parts[1][:6] + b"\3\3" + parts[1][8:], *parts[2:]], section="A.3.1")
    yield joined(
        "sequence-gap", [parts[0], *[one[:8] + struct.pack(">I", n + 5) + one[12:] for n, one in enumerate(parts[1:])]], section="A.3.1"
    )
    yield joined("sequence-zero", [one[:8] + struct.pack(">I", n) + one[12:] for n, one in enumerate(parts)], None, "A.3.1")
    yield joined("sequence-same", [one[:8] + struct.pack(">I", 1) + one[12:] for one in parts], section="A.3.1")
    yield joined("identifier", [one[:4] + b"JQ" + one[6:] for one in parts], section="A.3.1")
    yield joined("repeated-length", [parts[0], *[one[:12] + b"\0\0\0\x09" + one[16:] for one in parts[1:]]], section="A.3.1")
    yield joined("repeated-type", [parts[0], *[one[:16] + b"jumx" + one[20:] for one in parts[1:]]], section="A.3.1")
    yield joined("marker-app10", [bytes([0xFF, 0xEA]) + one[2:] for one in parts], "absent", "A.3.1")
    whole = b"".join([parts[0][12:], *[one[20:] for one in parts[1:]]])
    for name, junk in {"junk": b"junk", "zeros": bytes(4)}.items():
        yield joined(f"{name}-after-store", JPEG(segment=1500).segments(whole + junk))
    yield joined("other-split", JPEG(segment=1499).segments(whole), "trusted")
    at = data.index(b"\xff\xda")
    yield edited("jpeg-behind-scan", data[:start] + data[end:-2] + b"".join(parts) + b"\xff\xd9", "invalid", SECTION, (), ".jpg")
    yield edited("jpeg-behind-end", data[:start] + data[end:] + b"".join(parts), "invalid", SECTION, (), ".jpg")
    yield edited("jpeg-before-scan", data[:start] + data[end:at] + b"".join(parts) + data[at:], "invalid", SECTION, (), ".jpg")
    yield edited("jpeg-first", data[:2] + b"".join(parts) + data[2:start] + data[end:], "invalid", SECTION, (), ".jpg")
    # Signed on purpose with a foreign segment inside the exclusion.
    for name, extra in {"comment": comment, "app11": foreign, "exif": jpeg_segment(0xE1, b"Exif\0\0" + bytes(40))}.items():
        picture = JPEG(segment=1500)
        picture.segments = lambda store, extra=extra, own=picture: insert(JPEG.segments(own, store), extra)
        yield make(f"jpeg-signed-{name}-between", "invalid", SECTION, picture=picture)


def insert(parts, extra):
    return [parts[0], extra, *parts[1:]]


def webp():
    source = WebP()
    data = signed_file(source, Manifest())
    start = data.index(b"C2PA")
    store, _head = data[start + 8 :], data[:start]

    def riff(name, body, highest="invalid", section="A.3.6", codes=()):
        return edited(f"webp-{name}", b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body, highest, section, codes, ".webp")

    own = riff_chunk(b"C2PA", store)
    yield riff("store-twice", source.body + own + own, section="15.5.1")
    yield riff("store-first", own + source.body, section=SECTION)
    yield riff("junk-in-chunk", source.body + riff_chunk(b"C2PA", store + b"junk"), section=SECTION)
    yield riff("chunk-after", source.body + own + riff_chunk(b"EXIF", b"12"), section=SECTION)
    yield riff("chunk-before", source.body + riff_chunk(b"EXIF", b"12") + own, section=SECTION)
    yield riff("type-lower", source.body + riff_chunk(b"c2pa", store), "absent")
    yield riff("store-empty", source.body + riff_chunk(b"C2PA", b""), "invalid")
    yield edited("webp-riff-shorter", b"RIFF" + struct.pack("<I", len(data) - 10) + data[8:], "invalid", SECTION, (), ".webp")
    yield edited("webp-riff-longer", b"RIFF" + struct.pack("<I", len(data)) + data[8:], "invalid", SECTION, (), ".webp")
    yield edited("webp-riff-without-store", b"RIFF" + struct.pack("<I", start - 8) + data[8:], "invalid", SECTION, (), ".webp")
    yield edited("webp-chunk-longer", replaced(data, start + 4, struct.pack("<I", len(store) + 100)), "invalid", SECTION, (), ".webp")
    yield edited("webp-chunk-shorter", replaced(data, start + 4, struct.pack("<I", len(store) - 100)), "invalid", SECTION, (), ".webp")
    odd = signed_file(WebP(), Manifest(), wants_odd=True, exclusions=lambda r, d: [(r[0][0], r[0][1] - 1)])
    yield edited("webp-padding-not-zero", odd[:-1] + b"\1", "invalid", SECTION, (), ".webp")
    odd = signed_file(WebP(), Manifest(), wants_odd=True)
    yield edited("webp-padding-excluded-not-zero", odd[:-1] + b"\1", None, SECTION, (), ".webp")


GROUPS = [pixels, png, jpeg, webp]
