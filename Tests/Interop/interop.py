"""Holds our decoders, our resizer and our encoders against libvips, Pillow, djpeg, dwebp and pngcheck.

Ends with one line a check: `interop NAME cases N differ N pass|fall`. `Tests/Interop/run` installs the peers and starts this.
"""

import argparse
import io
import pathlib
import random
import struct
import sys
import tempfile
import zlib

import numpy as np
import PIL.Image
import pyvips
from ssimulacra2 import compute_ssimulacra2

import png_writer
from peers import (Ours, Refused, djpeg_pixels, dwebp_pixels, pillow_pixels, tool, vips_accepts, vips_array, vips_pixels)

SIZES = [(37, 29), (16, 9), (3, 2), (1, 1)]
THUMBNAIL_SIDE = 512
LOWEST_SCORE = 90
SHOWN = 5


class Check:
    """Counts cases, and shows the first that differ."""

    def __init__(self, name):
        self.name, self.cases, self.differ = name, 0, 0

    def case(self, title, agrees, detail=""):
        self.cases += 1
        if not agrees:
            self.differ += 1
            if self.differ <= SHOWN:
                print(f"interop {self.name}: {title} differs {detail}".rstrip())

    def pixels(self, title, ours, theirs, tolerance=0):
        """Compares what both see. Colours of wholly transparent pixels are not seen."""
        if ours.shape != theirs.shape:
            return self.case(title, False, f"in shape: {ours.shape}, {theirs.shape}")
        difference = np.abs(ours.astype(int) - theirs.astype(int))
        if ours.shape[2] == 4:
            difference[(ours[:, :, 3] == 0) & (theirs[:, :, 3] == 0)] = 0
        largest = int(difference.max())
        self.case(title, largest <= tolerance, f"by up to {largest} levels in {np.count_nonzero(difference)} samples")

    def line(self):
        # A check without cases has checked nothing.
        passes = self.differ == 0 and self.cases > 0
        print(f"interop {self.name} cases {self.cases} differ {self.differ} {'pass' if passes else 'fall'}")
        return passes


def decoded(check, title, decode, data):
    try:
        return decode(data)
    except (Refused, OSError) as error:
        check.case(title, False, f"because one side refuses it: {error}")
        return None


def compare(check, title, ours, theirs, data, tolerance=0):
    one, other = decoded(check, title, ours.pixels, data), decoded(check, title, theirs, data)
    if one is not None and other is not None:
        check.pixels(title, one, other, tolerance)


def png_matrix():
    for colour_type, depth in png_writer.KINDS:
        for width, height in SIZES:
            for has_key in (False, True) if colour_type in (png_writer.GREY, png_writer.RGB, png_writer.PALETTE) else (False,):
                picture = png_writer.Picture(colour_type, depth, width, height, has_key)
                for interlaced in (False, True):
                    for row_filter in png_writer.FILTERS:
                        title = f"type {colour_type} depth {depth} {width}x{height} filter {row_filter}"
                        title += " interlaced" * interlaced + " with a key" * has_key
                        yield title, picture, picture.file(row_filter, interlaced, pieces=2 if row_filter == 3 else 1)


def png_pixels(ours):
    """Every kind, as the specification, libvips and Pillow see it; exactly, unless a peer keeps less than the file has."""
    specification, vips, pillow = Check("png-specification"), Check("png-libvips"), Check("png-pillow")
    for title, picture, data in png_matrix():
        found = decoded(specification, title, ours.pixels, data)
        if found is None:
            continue
        truth = np.frombuffer(picture.rgba(), np.uint8).reshape(picture.height, picture.width, 4)
        if not picture.has_alpha:
            truth = truth[:, :, :3]
        specification.pixels(title, found, truth)
        vips.pixels(title, found, vips_pixels(data))
        # Pillow cuts 16-bit colour to its upper byte, and compares keys of other depths than 8 with scaled samples.
        is_cut = picture.depth == 16 and picture.colour_type != png_writer.GREY
        is_keyed = picture.key is not None and picture.colour_type != png_writer.PALETTE and picture.depth != 8
        other = pillow_pixels(data)
        if is_keyed:
            found, other = found[:, :, :3], other[:, :, :3]
        pillow.pixels(title, found, other, tolerance=1 if is_cut else 0)
    return [specification, vips, pillow]


def smooth_picture(width, height, mode="RGB"):
    """Slopes, edges, fine grain and fading: something for each part of a codec."""
    y, x = np.mgrid[0:height, 0:width]
    grain = np.random.default_rng(width * 7919 + height).normal(0, 3, (height, width))
    channels = [
        128 + 100 * np.sin(x / 23 + y / 91) + grain,
        255 * ((x // 24 + y // 17) % 2) * 0.6 + 40 + grain,
        255 * (x + y) / (width + height),
        255 * np.clip(1.3 - np.hypot(x / width - 0.5, y / height - 0.5) * 2, 0, 1),
    ]
    picture = PIL.Image.fromarray(np.clip(np.stack(channels, axis=2), 0, 255).astype(np.uint8), "RGBA")
    return picture if mode == "RGBA" else picture.convert("RGB").convert(mode)


def saved(image, kind, **options):
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def jpegs():
    for width, height in [(97, 61), (64, 48), (7, 5), (1, 1)]:
        portable = saved(smooth_picture(width, height), "PPM")
        for sampling in ("1x1", "2x1", "1x2", "2x2", "4x1"):
            for coding in ([], ["-progressive"], ["-optimize"], ["-restart", "1B"], ["-arithmetic"]):
                for quality in ("40", "82", "98"):
                    command = ["/usr/bin/cjpeg", "-quality", quality, "-sample", sampling, *coding]
                    yield f"{width}x{height} {' '.join(command[1:])}", tool(command, portable)
        grey, inks = smooth_picture(width, height, "L"), smooth_picture(width, height, "CMYK")
        for progressive in (False, True):
            suffix = " progressive" * progressive
            yield f"{width}x{height} grey{suffix}", saved(grey, "JPEG", progressive=progressive)
            yield f"{width}x{height} CMYK{suffix}", saved(inks, "JPEG", progressive=progressive)


def jpeg_pixels(ours):
    """Three builds of libjpeg-turbo, two of them newer. CMYK is turned into RGB by our own rule and by its definition."""
    vips, pillow, djpeg = Check("jpeg-libvips"), Check("jpeg-pillow"), Check("jpeg-djpeg")
    for title, data in jpegs():
        tolerance = 1 if "CMYK" in title else 0
        compare(vips, title, ours, vips_pixels, data, tolerance)
        compare(pillow, title, ours, pillow_pixels, data, tolerance)
        if "CMYK" not in title:
            compare(djpeg, title, ours, djpeg_pixels, data)
    return [vips, pillow, djpeg]


def webps():
    for width, height in [(97, 61), (64, 48), (7, 5), (1, 1)]:
        for mode in ("RGB", "RGBA"):
            picture = smooth_picture(width, height, mode)
            for method in (0, 2, 4, 6):
                for quality in (20, 82, 100):
                    yield f"{width}x{height} {mode} q{quality} m{method}", saved(picture, "WEBP", quality=quality, method=method)
            yield f"{width}x{height} {mode} lossless", saved(picture, "WEBP", lossless=True)
            yield f"{width}x{height} {mode} exact", saved(picture, "WEBP", lossless=True, exact=True)


def webp_pixels(ours):
    """Three builds of libwebp; its decoder is specified to the bit."""
    vips, pillow, dwebp = Check("webp-libvips"), Check("webp-pillow"), Check("webp-dwebp")
    for title, data in webps():
        compare(vips, title, ours, vips_pixels, data)
        compare(pillow, title, ours, pillow_pixels, data)
        compare(dwebp, title, ours, dwebp_pixels, data)
    return [vips, pillow, dwebp]


def sound_files():
    for colour_type, depth in [(2, 8), (6, 8), (3, 4), (0, 1), (2, 16), (4, 8)]:
        for interlaced in (False, True):
            picture = png_writer.Picture(colour_type, depth, 37, 29, has_key=colour_type == 3)
            yield f"PNG {colour_type}/{depth}/{int(interlaced)}", picture.file(interlaced=interlaced, pieces=2)
    picture = smooth_picture(97, 61)
    for progressive in (False, True):
        for sampling in (0, 2):
            options = {"progressive": progressive, "subsampling": sampling, "quality": 82}
            yield f"JPEG {options}", saved(picture, "JPEG", **options)
    yield "JPEG restart", saved(picture, "JPEG", restart_marker_rows=1)
    yield "JPEG CMYK", saved(smooth_picture(97, 61, "CMYK"), "JPEG")
    yield "WebP lossy", saved(picture, "WEBP")
    yield "WebP alpha", saved(smooth_picture(97, 61, "RGBA"), "WEBP")
    yield "WebP lossless", saved(picture, "WEBP", lossless=True)


def damages(data, dice):
    length = len(data)
    for percent in (2, 10, 30, 50, 70, 90, 97):
        yield f"cut to {percent} %", data[:length * percent // 100]
    for count in (1, 2, 4, 8, 12):
        yield f"without its last {count} bytes", data[:-count]
    for number in range(40):
        at = dice.randrange(length)
        yield f"byte {at} flipped", data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1:]
    for number in range(20):
        at, count = dice.randrange(length), dice.choice([1, 4, 16, 64])
        yield f"{count} bytes at {at} zeroed", data[:at] + bytes(len(data[at:at + count])) + data[at + count:]
        yield f"{count} bytes at {at} lost", data[:at] + data[at + count:]
        yield f"{count} bytes at {at} twice", data[:at + count] + data[at:]


def riff(*chunks, stray=b""):
    content = b"".join(name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2) for name, body in chunks) + stray
    return b"RIFF" + struct.pack("<I", 4 + len(content)) + b"WEBP" + content


def broken_structures():
    """Files whose every sum is right and whose order, number or kind of parts is not."""
    chunk = png_writer.chunk
    palette, colour = png_writer.Picture(png_writer.PALETTE, 8, 16, 9), png_writer.Picture(png_writer.RGB, 8, 16, 9)
    header, whole = colour.file()[8:33], colour.file()
    rows = colour.filtered(1, False)
    end = chunk("IEND")

    def with_rows(raw):
        return png_writer.SIGNATURE + header + chunk("IDAT", zlib.compress(raw)) + end

    yield "PNG without PLTE", palette.file().replace(chunk("PLTE", bytes(v for entry in palette.palette for v in entry)), b"")
    yield "PNG with two headers", whole[:33] + header + whole[33:]
    yield "PNG with a header behind its data", whole[:-12] + header + end
    yield "PNG without data", png_writer.SIGNATURE + header + end
    yield "PNG without an end", whole[:-12]
    yield "PNG of one row less", with_rows(rows[:-49])
    yield "PNG of half a row less", with_rows(rows[:-20])
    yield "PNG with filter 5", with_rows(bytes([5]) + rows[1:])
    yield "PNG with an unknown critical chunk", whole[:33] + chunk("ABCD") + whole[33:]
    yield "PNG with data in two places", colour.file(pieces=2).replace(chunk("IEND"), chunk("tEXt", b"a\0b") + chunk("IDAT") + end)
    yield "PNG with a wrong Adler sum", png_writer.SIGNATURE + header + chunk("IDAT", zlib.compress(rows)[:-1] + b"\0") + end
    yield "PNG of no width", png_writer.SIGNATURE + chunk("IHDR", bytes(4) + header[12:21]) + whole[33:]
    yield "PNG of depth 3", png_writer.SIGNATURE + chunk("IHDR", header[8:16] + b"\3" + header[17:21]) + whole[33:]
    lossless = saved(smooth_picture(16, 9), "WEBP", lossless=True)
    body = lossless[20:20 + struct.unpack("<I", lossless[16:20])[0]]
    canvas = struct.pack("<I", 0) + (15).to_bytes(3, "little") + (8).to_bytes(3, "little")
    yield "WebP with stray bytes inside", riff((b"VP8L", body), stray=bytes(4))
    yield "WebP with two pictures", riff((b"VP8X", canvas), (b"VP8L", body), (b"VP8L", body))
    for count in range(1, 9):
        yield f"WebP that reads {count} bytes on", riff((b"VP8L", body[:-count]), (b"AAAA", b"AAAA"))


def strictness(ours):
    """What libvips refuses at `fail_on=error`, we refuse. Where we alone refuse, we are stricter, which is meant."""
    check = Check("strictness")
    both, stricter = 0, 0
    for name, data in sound_files():
        check.case(f"sound {name}", vips_accepts(data) and ours.accepts(data), "because one side refuses it")
        for title, damaged in damages(data, random.Random(name)):
            theirs, mine = vips_accepts(damaged), ours.accepts(damaged)
            check.case(f"{name}, {title}", theirs or not mine, "because Fixative accepts it and libvips refuses it")
            both += not theirs and not mine
            stricter += theirs and not mine
    for title, damaged in broken_structures():
        check.case(title, not ours.accepts(damaged) or vips_accepts(damaged), "because Fixative accepts it and libvips refuses it")
    print(f"interop strictness: {both} files refused by both, {stricter} only by Fixative")
    return [check]


def vips_thumbnail(data, side):
    image = pyvips.Image.new_from_buffer(data, "", fail_on="error")
    return vips_array(image.thumbnail_image(side, height=side, size="down", linear=True))


def thumbnail_sources(corpus):
    yield "drawn 1254x1254", saved(smooth_picture(1254, 1254), "PNG", compress_level=1)
    yield "drawn 1920x1080", saved(smooth_picture(1920, 1080), "PNG", compress_level=1)
    for path in sorted(corpus.glob("*.png")) if corpus else []:
        with PIL.Image.open(path) as image:
            is_plain = image.mode == "RGB" and "icc_profile" not in image.info
        if is_plain:
            yield path.name, path.read_bytes()


def thumbnails(ours, corpus, scratch):
    """Linear light and Lanczos-3 in both, before any JPEG: what is left are the ways of rounding and of the edges."""
    check = Check("thumbnails")
    scores = []
    for name, data in thumbnail_sources(corpus):
        one = ours.array("resized", ours.stored(data), THUMBNAIL_SIDE)
        other = vips_thumbnail(data, THUMBNAIL_SIDE)
        if one.shape != other.shape:
            check.case(name, False, f"in shape: {one.shape}, {other.shape}")
            continue
        files = [scratch / "ours.png", scratch / "theirs.png"]
        for path, pixels in zip(files, (one, other)):
            PIL.Image.fromarray(pixels).save(path)
        scores.append(compute_ssimulacra2(files[1], files[0]))
        print(f"interop thumbnails: {name} SSIMULACRA2 {scores[-1]:.1f}")
        check.case(name, scores[-1] >= LOWEST_SCORE, f"with a score of {scores[-1]:.1f}")
    return [check]


def encoded(ours, source, words, scratch):
    path = scratch / "encoded"
    ours.ask(words[0], source, *words[1:], path)
    return path.read_bytes()


def pngcheck(data, scratch):
    path = scratch / "checked.png"
    path.write_bytes(data)
    tool(["/usr/bin/pngcheck", "-q", path], b"")
    return pillow_pixels(data)


def read_back(ours, scratch):
    """Our files in other programs: sound, and with the pixels that we see in them; PNG and lossless WebP with those that went in."""
    djpeg, dwebp, png = Check("our-jpeg-djpeg"), Check("our-webp-dwebp"), Check("our-png-pngcheck")
    for width, height in [(101, 67), (64, 48), (1, 1)]:
        for mode in ("RGB", "RGBA"):
            picture = smooth_picture(width, height, mode)
            source = scratch / f"source-{width}-{mode}.png"
            picture.save(source)
            truth = np.array(picture)
            check_png = encoded(ours, source, ["png"], scratch)
            png.pixels(f"{mode} {width}x{height}", decoded(png, mode, lambda data: pngcheck(data, scratch), check_png), truth)
            for quality in (20, 82, 100):
                for chroma in ("full", "half"):
                    for coding in ("plain", "optimized", "progressive"):
                        data = encoded(ours, source, ["jpeg", quality, chroma, coding], scratch)
                        compare(djpeg, f"{mode} {width}x{height} q{quality} {chroma} {coding}", ours, djpeg_pixels, data)
                for method in (0, 4, 6):
                    data = encoded(ours, source, ["webp", quality, "lossy", method], scratch)
                    compare(dwebp, f"{mode} {width}x{height} q{quality} m{method}", ours, dwebp_pixels, data)
            data = encoded(ours, source, ["webp", 50, "lossless", 4], scratch)
            dwebp.pixels(f"{mode} {width}x{height} lossless", dwebp_pixels(data), truth)
    for name, size in (("derivatives-wide", (1500, 400)), ("derivatives-small", (300, 200))):
        source = scratch / f"{name}.png"
        smooth_picture(*size).save(source)
        ours.ask("derivatives", source, scratch)
        for kind in ("thumbnail", "preview"):
            compare(djpeg, f"{name} {kind}", ours, djpeg_pixels, (scratch / kind).read_bytes())
    return [djpeg, dwebp, png]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dump", required=True)
    parser.add_argument("--corpus", type=pathlib.Path)
    arguments = parser.parse_args()
    corpus = arguments.corpus if arguments.corpus and arguments.corpus.is_dir() else None
    versions = ".".join(str(pyvips.version(part)) for part in range(3))
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        ours = Ours(arguments.dump, scratch)
        print(f"interop: ours with {ours.ask('versions')}; libvips {versions}, Pillow {PIL.__version__}")
        checks = [
            *png_pixels(ours), *jpeg_pixels(ours), *webp_pixels(ours), *strictness(ours), *thumbnails(ours, corpus, scratch),
            *read_back(ours, scratch),
        ]
    passes = [check.line() for check in checks]
    sys.exit(0 if all(passes) else 1)


if __name__ == "__main__":
    main()
