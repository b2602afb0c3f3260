"""Makes the fuzzers' first inputs: one small file of every kind that the archive may meet, made by other programs than ours.

    seeds.py FOLDER [REAL_PICTURES]

writes FOLDER/png, FOLDER/jpeg, FOLDER/webp and FOLDER/link. Real pictures are taken along as far as they are small.
"""

import io
import pathlib
import shutil
import struct
import subprocess
import sys
import tarfile
import zlib

from PIL import Image, ImageCms, PngImagePlugin

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Interop"))
import png_writer  # noqa: E402

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' \
    b'<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType=' \
    b'"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/></rdf:RDF></x:xmpmeta>'
LARGEST_REAL_PICTURE = 64 * 1024


def gradient(mode="RGB", size=(45, 31)):
    width, height = size
    image = Image.new("RGBA", size)
    image.putdata([(x * 255 // width, y * 255 // height, (x * y) % 256, 255 - (x ^ y) * 4 % 256)
                   for y in range(height) for x in range(width)])
    return image.convert(mode)


def exif(orientation):
    values = Image.Exif()
    values[0x0112] = orientation
    values[0x010E] = "A picture"
    values[0x0131] = "A program"
    return values.tobytes()


def saved(image, kind, **options):
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def png_kinds():
    for colour_type, depth in png_writer.KINDS:
        for interlaced in (False, True):
            for has_key in (False, True):
                picture = png_writer.Picture(colour_type, depth, 13, 11, has_key)
                yield f"kind-{colour_type}-{depth}-{int(interlaced)}-{int(has_key)}", picture.file(interlaced=interlaced)
    for colour_type in (png_writer.GREY, png_writer.RGB, png_writer.PALETTE, png_writer.GREY_ALPHA, png_writer.RGBA):
        picture = png_writer.Picture(colour_type, 8, 70, 50)
        for row_filter in png_writer.FILTERS:
            yield f"filter-{colour_type}-{row_filter}", picture.file(row_filter, pieces=3, level=row_filter != 0)


def png_metadata():
    chunk = png_writer.chunk
    picture = png_writer.Picture(png_writer.RGB, 8, 9, 9)

    def text(value):
        return zlib.compress(value)

    before = {
        "iccp": chunk("iCCP", b"profile\0\0" + zlib.compress(profile())),
        "gama-chrm": chunk("gAMA", struct.pack(">I", 45455)) + chunk("cHRM", struct.pack(
            ">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
        "srgb": chunk("sRGB", b"\0"),
        "cicp": chunk("cICP", bytes([12, 13, 0, 1])),
        "mdcv": chunk("mDCV", bytes(24)) + chunk("cLLI", bytes(8)),
        "text": chunk("tEXt", b"Title\0Caf\xe9") + chunk("zTXt", b"Comment\0\0" + text(b"long " * 300))
        + chunk("iTXt", b"Author\0\0\0en\0Auteur\0" + "Zoë".encode()),
        "itxt-packed": chunk("iTXt", b"Description\0\1\0\0\0" + text("größer".encode() * 50)),
        "xmp": chunk("iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        "exif": chunk("eXIf", exif(6).removeprefix(b"Exif\0\0")),
        "credentials": chunk("caBX", bytes(40)),
        "odds": chunk("pHYs", struct.pack(">IIB", 2835, 2835, 1)) + chunk("tIME", bytes([7, 234, 11, 22, 1, 2, 3]))
        + chunk("bKGD", bytes(6)) + chunk("sBIT", bytes([8, 8, 8])) + chunk("abCd", b"unknown"),
    }
    for name, chunks in before.items():
        yield f"metadata-{name}", picture.file(before=chunks)
    yield "metadata-behind", picture.file(after=before["text"] + before["exif"] + before["xmp"])
    yield "trailing", picture.file() + b"more bytes"
    frames = [gradient(size=(16, 12)), gradient(size=(16, 12)).rotate(180), gradient("RGBA", (16, 12))]
    yield "apng", saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=40)
    yield "apng-default", saved(frames[0], "PNG", save_all=True, append_images=frames[1:], default_image=True)
    info = PngImagePlugin.PngInfo()
    info.add_itxt("Title", "A title", zip=True)
    yield "pillow", saved(gradient("P"), "PNG", pnginfo=info, optimize=True)


def jpegs():
    picture, grey = gradient(), gradient("L")
    for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
        yield f"baseline-{name}", saved(picture, "JPEG", subsampling=sampling)
        yield f"progressive-{name}", saved(picture, "JPEG", subsampling=sampling, progressive=True)
    yield "grey", saved(grey, "JPEG")
    yield "grey-progressive", saved(grey, "JPEG", progressive=True)
    yield "cmyk", saved(gradient("CMYK"), "JPEG")
    yield "cmyk-progressive", saved(gradient("CMYK"), "JPEG", progressive=True)
    yield "restart", saved(picture, "JPEG", restart_marker_blocks=2)
    yield "restart-rows", saved(picture, "JPEG", restart_marker_rows=1, progressive=True)
    for orientation in range(1, 9):
        yield f"exif-{orientation}", saved(gradient(size=(24, 16)), "JPEG", exif=exif(orientation))
    yield "profile", saved(picture, "JPEG", icc_profile=profile())
    yield "xmp", saved(picture, "JPEG", xmp=XMP, comment=b"a comment")
    yield "iptc", with_segment(saved(picture, "JPEG"), 0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\x0e"
                               b"\x1c\x02\x05\0\x05Title\x1c\x02\x50\0\0")
    yield "credentials", with_segment(saved(picture, "JPEG"), 0xEB, b"JP\0\1\0\0\0\1" + bytes(40))
    yield "trailing", saved(picture, "JPEG") + b"more bytes"
    portable = saved(picture, "PPM")
    for name, options in {
        "arithmetic": ["-arithmetic"], "arithmetic-progressive": ["-arithmetic", "-progressive"], "rgb": ["-rgb"],
        "411": ["-sample", "4x1"], "440": ["-sample", "1x2"], "optimized": ["-optimize"], "smooth": ["-quality", "5"],
        "fine": ["-quality", "100", "-sample", "1x1"],
    }.items():
        yield name, tool(["cjpeg", *options], portable)


def with_segment(jpeg, marker, body):
    return jpeg[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def webps():
    picture, clear = gradient(), gradient("RGBA")
    frames = [clear, clear.rotate(90), clear.rotate(180)]
    for method in (0, 2, 4, 6):
        yield f"lossy-{method}", saved(picture, "WEBP", method=method, quality=60)
    yield "alpha", saved(clear, "WEBP", quality=70)
    yield "alpha-raw", tool(["cwebp", "-quiet", "-alpha_method", "0", "-o", "-", "--", "-"], saved(clear, "PNG"))
    yield "alpha-filtered", tool(["cwebp", "-quiet", "-alpha_filter", "best", "-o", "-", "--", "-"], saved(clear, "PNG"))
    for name, options in {
        "segments": ["-segments", "4", "-sns", "90"], "partitions": ["-partition_limit", "50", "-m", "4"], "strong": ["-strong",
        "-f", "90"], "simple": ["-nostrong", "-f", "40"], "small": ["-q", "0"], "palette": ["-lossless", "-q", "100"],
        "near": ["-near_lossless", "40"],
    }.items():
        source = gradient("P") if name == "palette" else picture
        yield name, tool(["cwebp", "-quiet", *options, "-o", "-", "--", "-"], saved(source, "PNG"))
    yield "lossless", saved(picture, "WEBP", lossless=True)
    yield "lossless-alpha", saved(clear, "WEBP", lossless=True, exact=True)
    yield "lossless-palette", saved(gradient("P").convert("RGB").quantize(4).convert("RGB"), "WEBP", lossless=True)
    yield "animated", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=40)
    yield "animated-lossless", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    yield "animated-mixed", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], allow_mixed=True)
    yield "metadata", saved(picture, "WEBP", exif=exif(8), xmp=XMP, icc_profile=profile())
    yield "tiny", saved(gradient(size=(1, 1)), "WEBP")
    yield "trailing", saved(picture, "WEBP") + b"more bytes"


def refused():
    """Whole files that are not decoded here."""
    picture = gradient()
    for kind in ("GIF", "BMP", "TIFF", "ICO", "PDF", "DDS", "AVIF", "PPM", "JPEG2000"):
        try:
            yield kind.lower(), saved(picture, kind)
        except (KeyError, OSError):
            # This Pillow does not write it.
            continue
    yield "gif-animated", saved(picture.convert("P"), "GIF", save_all=True, append_images=[picture.rotate(90).convert("P")])
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='30px' height='20.5' viewBox=\"0 0 60 41\"><rect/></svg>"
    yield "svg", svg
    yield "svg-prolog", b"\xef\xbb\xbf<?xml version='1.0'?><!-- a --><!DOCTYPE svg [<!ENTITY a \"<b>\">]>\n" + svg
    yield "svg-utf16", svg.decode().encode("utf-16")
    yield "page", b"<!doctype html><body>" + svg
    extent = struct.pack(">I4sIII", 20, b"ispe", 0, 64, 48)
    boxes = struct.pack(">I4s", 8 + len(extent), b"ipco") + extent
    yield "heic", struct.pack(">I4s4sI4s", 20, b"ftyp", b"mif1", 0, b"heic") + struct.pack(">I4sI", 12 + len(boxes), b"meta", 0) + boxes
    yield "mp4", struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 0, b"mp42") + struct.pack(">I4sQ", 1, b"mdat", 20) + bytes(4)
    yield "webm", bytes.fromhex("1a45dfa39f4282847765626d") + bytes(40)
    yield "zip", b"PK\3\4" + bytes(26) + b"PK\5\6" + bytes(18)
    yield "wav", b"RIFF" + struct.pack("<I", 4) + b"WAVE"
    yield "mp3", bytes.fromhex("fffb9064") + bytes(400)
    yield "jpeg-lossless", saved(picture, "JPEG").replace(b"\xff\xc0", b"\xff\xc3")
    yield "png-wide", png_writer.Picture(png_writer.GREY, 1, 400, 1).file()


def records():
    """Those of an archive that release 0.1.0 made, without their seals, so that not every change breaks them."""
    with tarfile.open(pathlib.Path(__file__).parent.parent / "Fixtures/archive-0.1.0/archive-0.1.0.tar.gz") as archive:
        for member in archive:
            if "/records/" in member.name:
                lines = archive.extractfile(member).read().splitlines(keepends=True)
                plain = b"".join(line for line in lines if b'"_sha256"' not in line)
                yield pathlib.PurePath(member.name).name, plain.replace(b"/2\"", b"/1\"", 1)


def tool(command, data):
    """The standard output of another program; the system's, not one that a Python environment brought."""
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def links():
    """A link, a line end and where it redirects to."""
    for number, (link, location) in enumerate([
        ("https://a.example/x.png?sig=1", "https://b.example:8443/y"), ("http://127.0.0.1:65535/", "//c.example/z?q#f"),
        ("https://[2606:4700::1]:443/a/b/c", "../../d"), ("HTTPS://A.Example./%41 b", "?only=query"),
        ("https://a.example:65536/", ""), ("https://u:p@a.example/", "#f"), ("https://[fe80::1%25eth0]/", "/"),
        ("data:image/png;base64,iVBORw0KGgo=", ""), ("data:,a%20b", ""), ("https://a.example", "http://a.example:99999999999/"),
    ]):
        yield f"link-{number}", f"{link}\n{location}".encode()


def main():
    target = pathlib.Path(sys.argv[1])
    made = {"png": [*png_kinds(), *png_metadata()], "jpeg": [*jpegs()], "webp": [*webps()], "file": [*refused()], "record": [*records()], "link": [*links()]}
    for kind, files in made.items():
        folder = target / kind
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, data in files:
            (folder / name).write_bytes(data)
    real = sorted(pathlib.Path(sys.argv[2]).glob("*")) if len(sys.argv) > 2 else []
    for path in real:
        kind = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}.get(path.suffix)
        if kind and path.stat().st_size <= LARGEST_REAL_PICTURE:
            shutil.copy(path, target / kind / f"real-{path.name}")
    print("seeds:", ", ".join(f"{len(list((target / kind).iterdir()))} {kind}" for kind in made))


if __name__ == "__main__":
    main()
