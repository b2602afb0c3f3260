#!/usr/bin/env python3
"""Makes an archive to look at: records.jsonl (one record of an output a line) and blobs/<digest>.

    make_entries.py OUT [--count N] [--images DIR]

Without --images the pictures are generated and nothing but Python is needed; with it, the pictures of DIR come first, made small with
Pillow. The same arguments give the same archive.
"""
import argparse, base64, hashlib, io, json, math, os, random, struct, zlib
from datetime import datetime, timedelta, timezone

RATIOS = [(1, 1), (2, 1), (3, 1), (3, 2), (4, 3), (5, 4), (16, 9), (21, 9), (1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (9, 16), (9, 21)]
VERDICTS = ["exact"] * 8 + ["resized"] * 6 + ["undersized"] * 5 + ["accepted"] * 3 + ["unrequested"] * 2 + ["transposed", "reshaped", "oversized"]
PROMPTS = [
    "A quiet kitchen at dawn, flour on the table, light through linen curtains, 35 mm photograph",
    "Isometric map of a harbour town, muted colours, fog over the water",
    "Product shot of a ceramic teapot on slate, soft window light from the left",
    "Portrait of an old sailor, oil on canvas, deep shadows",
    "Café façade in Besançon, déjà vu, naïve style",
    "a red fox asleep in fresh snow, shallow depth of field",
    "مدينة قديمة عند الغروب، ألوان مائية",
    "雨の夜の路地、ネオンの反射、フィルム写真",
    "Botanical plate of a fern 🌿 with hand-lettered Latin names",
    "Wide panorama of a mountain ridge under the Milky Way",
]
HOSTILE = [
    '<script>window.broken = 1</script><img src=x onerror="window.broken = 2">',
    "\"\u0301 onmouseover=window.broken=3 x=\"' autofocus onfocus=window.broken=4 </script><!-- ]]> ${1} {{title}} {{{title}}}",
    "line one\u2028line two\u2029line three\u0000\u202eright to left override without an end",
    ("An endless request, repeated until the limit: " + "very long and unbreakable" * 3 + " ") * 17,
    "W" * 400,
]


def png(width, height, colours):
    """A picture in three colours: a gradient from top to bottom, with a diagonal light across it."""
    rows = bytearray()
    (top, bottom, light) = colours
    ramp = []
    for x in range(width):
        glow = max(0.0, 1 - abs(x / width - 0.35) * 3)
        ramp.append(glow)
    for y in range(height):
        t = y / max(1, height - 1)
        base = [a + (b - a) * t for a, b in zip(top, bottom)]
        rows.append(0)
        step = max(1, width // 160)
        for x in range(0, width, step):
            glow = ramp[x] * (1 - t)
            pixel = bytes(int(c + (l - c) * glow) for c, l in zip(base, light))
            rows += pixel * min(step, width - x)
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows), 6)) + chunk(b"IEND", b"")


def thumb_hash(width, height, pixels):
    """The ThumbHash of `pixels`, a list of (r, g, b) rows first, as its reference encoder makes it for opaque pictures."""
    l_limit = 7
    lx = max(1, round(l_limit * width / max(width, height)))
    ly = max(1, round(l_limit * height / max(width, height)))
    lum = [sum(p) / 765 for p in pixels]
    yel = [(p[0] + p[1]) / 510 - p[2] / 255 for p in pixels]
    red = [(p[0] - p[1]) / 255 for p in pixels]

    def channel(values, nx, ny):
        dc, ac, scale = 0.0, [], 0.0
        for cy in range(ny):
            cx = 0
            while cx * ny < nx * (ny - cy):
                f = 0.0
                for y in range(height):
                    fy = math.cos(math.pi / height * cy * (y + 0.5))
                    for x in range(width):
                        f += values[x + y * width] * math.cos(math.pi / width * cx * (x + 0.5)) * fy
                f /= width * height
                if cx or cy:
                    ac.append(f)
                    scale = max(scale, abs(f))
                else:
                    dc = f
                cx += 1
        return dc, [0.5 + 0.5 / scale * f if scale else 0.5 for f in ac], scale

    l_dc, l_ac, l_scale = channel(lum, max(3, lx), max(3, ly))
    p_dc, p_ac, p_scale = channel(yel, 3, 3)
    q_dc, q_ac, q_scale = channel(red, 3, 3)
    landscape = width > height
    head = round(63 * l_dc) | round(31.5 + 31.5 * p_dc) << 6 | round(31.5 + 31.5 * q_dc) << 12 | round(31 * l_scale) << 18
    tail = (ly if landscape else lx) | round(63 * p_scale) << 3 | round(63 * q_scale) << 9 | int(landscape) << 15
    out = bytearray([head & 255, head >> 8 & 255, head >> 16, tail & 255, tail >> 8])
    nibbles = [min(15, round(15 * f)) for f in l_ac + p_ac + q_ac]
    for i in range(0, len(nibbles), 2):
        out.append(nibbles[i] | (nibbles[i + 1] << 4 if i + 1 < len(nibbles) else 0))
    return base64.b64encode(bytes(out)).decode()


class Blobs:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)

    def put(self, data, media_type):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(self.folder, digest), "wb") as file:
            file.write(data)
        return {"digest": digest, "bytes": len(data), "mediaType": media_type}


def scaled(width, height, side):
    factor = min(1, side / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def derivative(role, blob, size):
    return {"role": role, "blob": blob, "width": size[0], "height": size[1], "recipe": "browser test"}


def generated(blobs, ratio, rng):
    width, height = ratio[0] * 1000, ratio[1] * 1000
    factor = math.sqrt(1_572_516 / (width * height))
    width, height = round(width * factor / 16) * 16, round(height * factor / 16) * 16
    hue = rng.random() * 6.28
    wheel = lambda shift, low, high: tuple(int(low + (high - low) * (0.5 + 0.5 * math.sin(hue + shift + i * 2.1))) for i in range(3))
    colours = (wheel(0, 60, 200), wheel(1.3, 20, 110), wheel(0.4, 170, 255))
    parts = []
    for role, side in (("thumbnail", 512), ("preview", 1280)):
        size = scaled(width, height, side)
        parts.append(derivative(role, blobs.put(png(*size, colours), "image/png"), size))
    small = scaled(width, height, 24)
    raw = zlib.decompress(png(*small, colours)[41:-16])
    stride = small[0] * 3 + 1
    pixels = [tuple(raw[y * stride + 1 + x * 3:][:3]) for y in range(small[1]) for x in range(small[0])]
    original = blobs.put(png(width, height, colours), "image/png")
    return {"original": original, "derivatives": parts, "thumbHash": thumb_hash(*small, pixels), "size": (width, height), "format": "png"}


def photographed(blobs, path):
    from PIL import Image

    with open(path, "rb") as file:
        data = file.read()
    image = Image.open(io.BytesIO(data))
    kind = image.format.lower()
    has_alpha = image.mode in ("RGBA", "LA")
    image = image.convert("RGBA" if has_alpha else "RGB")
    parts = []
    for role, side in (("thumbnail", 512), ("preview", 1280)):
        size = scaled(*image.size, side)
        out = io.BytesIO()
        image.resize(size, Image.LANCZOS).save(out, "WEBP" if has_alpha else "JPEG", quality=82)
        parts.append(derivative(role, blobs.put(out.getvalue(), "image/webp" if has_alpha else "image/jpeg"), size))
    small = image.convert("RGB").resize(scaled(*image.size, 24))
    result = {"original": blobs.put(data, f"image/{kind}"), "derivatives": parts, "size": image.size, "format": kind}
    if not has_alpha:
        result["thumbHash"] = thumb_hash(*small.size, list(small.getdata()))
    return result


def tier(pixels):
    return "1K" if pixels <= 1_700_000 else "2K" if pixels <= 4_400_000 else "4K"


def judgement(verdict, size, rng):
    width, height = size
    result = {"verdict": verdict, "delivered": {"width": width, "height": height}, "deliveredTier": tier(width * height), "onGrid": True}
    expected = {"exact": (width, height), "transposed": (height, width), "resized": (width - 32, height - 32),
                "undersized": (width * 2, height * 2), "oversized": (width // 2, height // 2), "reshaped": (width, max(16, height - 160))}.get(verdict)
    if expected:
        result["expected"] = {"width": expected[0], "height": expected[1]}
        result["ratioError"] = abs(width * expected[1] / (height * expected[0]) - 1)
        result["pixelRatio"] = width * height / (expected[0] * expected[1])
        result["billedTier"] = "4K" if verdict == "undersized" else "1K" if verdict == "oversized" else result["deliveredTier"]
        result["overpaidMultiplier"] = 1.6 if verdict == "undersized" and result["deliveredTier"] == "1K" else 0
    elif verdict == "accepted":
        result["billedTier"], result["overpaidMultiplier"] = "1K", 0
    else:
        result["nearestCell"] = {"ratio": "1:1", "tier": result["deliveredTier"], "size": result["delivered"]}
    return result


def credentials(i):
    """The verdict on the Content Credentials of the i-th picture; None for one that was never checked."""
    state = [None, "trusted", "trusted", "valid", "invalid", "unreadable", "absent", "partial"][i % 8]
    if state is None:
        return None
    facts = {"state": "trusted" if state == "partial" else state, "checkedAt": "2026-11-22T12:00:00.000Z", "spec": "2.4"}
    if state in ("unreadable", "absent"):
        return facts
    day = "2026-03-23T02:53:02.000Z"
    # A manifest that does not hold claims something as well, which no page may show.
    name = "FORGED SIGNER" if state in ("invalid", "partial") else ["OpenAI Media Service", "Café \u202eSigner <b>&</b> Sons " + "W" * 120][i // 8 % 2]
    facts["signer"] = {"name": name, "serial": "52", "algorithm": "ES256", "notBefore": day, "notAfter": "2027-03-24T02:53:02.000Z", "chain": []}
    facts["actions"] = [{"action": "c2pa.created", "agent": "FORGED AGENT" if name.startswith("FORGED") else ["gpt-image", "GPT-4o"][i % 3 // 2]}]
    facts["timeStamp"] = {"time": "2026-05-06T10:02:43.408688Z", "authority": "OpenAI TSA Leaf", "trusted": i % 5 == 0, "vendors": i % 5 != 0}
    facts["turnsInvalidAt"] = "2027-03-24T02:53:02.000Z"
    failure = [{"code": "assertion.dataHash.mismatch"}] if state == "invalid" else []
    informational = [{"code": "x-fixative.exclusion.pictureData"}] if state == "partial" else []
    facts["codes"] = {"success": [], "informational": informational, "failure": failure}
    return facts


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("out")
    arguments.add_argument("--count", type=int, default=300)
    arguments.add_argument("--images")
    options = arguments.parse_args()
    rng = random.Random(7)
    blobs = Blobs(os.path.join(options.out, "blobs"))
    pictures = [generated(blobs, RATIOS[i % len(RATIOS)], rng) for i in range(45)]
    photos = []
    if options.images:
        names = sorted(name for name in os.listdir(options.images) if name.endswith((".png", ".jpg", ".webp")))
        photos = [photographed(blobs, os.path.join(options.images, name)) for name in names]
    page = blobs.put(b"<!doctype html><title>502</title><script>window.broken = 9</script>", "text/html")
    scrap = blobs.put(b"\x89PNG\r\n\x1a\n" + b"cut short" * 4000, "image/png")

    now = datetime(2026, 11, 22, 12, 51, tzinfo=timezone.utc)
    stamp = lambda moment: moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with open(os.path.join(options.out, "records.jsonl"), "w") as lines:
        for i in range(options.count):
            created = now - timedelta(hours=i * (9 if options.count < 2000 else 1.5), minutes=rng.randrange(60))
            prompt = HOSTILE[i // 7 % len(HOSTILE)] if i % 7 == 5 and i < 7 * len(HOSTILE) else rng.choice(PROMPTS)
            record = {
                "format": "fixative.output/1", "task": f"task-unified-{1757156493 + i}-{'imcg5zqt'[i % 8:] or 'x'}", "index": i % 3 // 2, "state": "archived",
                "source": "browser test", "discoveredAt": stamp(created), "createdAt": stamp(created), "endedAt": stamp(created + timedelta(minutes=2)),
                "attempts": 1, "derivatives": [],
                "request": {"model": "gpt-image-2-beta" if i % 5 else "gpt-image-2", "prompt": prompt, "size": "16:9", "resolution": "2K"},
            }
            if i % 43 == 11:
                record |= {"state": "unavailable", "reason": ["The link expired 3 hours before it was first read (HTTP 403).", "The task vanished from the account."][i % 2]}
            elif i % 67 == 17:
                record |= {"original": page if i % 2 else scrap, "decodeError": "the data end in the middle of a row", "judgement": {"verdict": "undecodable", "billedTier": "2K"}}
            else:
                picture = photos[i // 2 % len(photos)] if photos and i % 2 == 0 else pictures[rng.randrange(len(pictures))]
                verdict = rng.choice(VERDICTS)
                if verdict == "unrequested":
                    record["request"] = {"prompt": prompt} if i % 2 else None
                elif verdict == "accepted":
                    record["request"]["size"] = "auto"
                record |= {key: picture[key] for key in ("original", "derivatives", "thumbHash") if key in picture}
                record["judgement"] = judgement(verdict, picture["size"], rng)
                if expected := record["judgement"].get("expected"):
                    record["request"]["size"] = f"{expected['width']}x{expected['height']}"
                record["picture"] = {"format": picture["format"], "width": picture["size"][0], "height": picture["size"][1], "bitDepth": 8, "colourType": "rgb",
                                     "hasAlpha": False, "interlaced": False, "animated": False, "orientation": 1, "trailingBytes": 0}
                if facts := credentials(i):
                    record["picture"]["credentials"] = facts
            lines.write(json.dumps({k: v for k, v in record.items() if v is not None}) + "\n")


main()
