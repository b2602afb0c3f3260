"""Small pictures of each format, and the places of a manifest store in them."""

import io
import struct
import zlib

import numpy as np
import PIL.Image


def chunk(kind, body, crc=None):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) if crc is None else crc)


def drawn(width=96, height=64, seed=1):
    y, x = np.mgrid[0:height, 0:width]
    grain = np.random.default_rng(seed).normal(0, 12, (height, width, 3))
    waves = np.stack([128 + 90 * np.sin(x / 9 + y / 17), 255 * ((x // 12 + y // 8) % 2) * 0.7, 255 * (x + y) / (width + height)], axis=2)
    return PIL.Image.fromarray(np.clip(waves + grain, 0, 255).astype(np.uint8))


class PNG:
    kind, suffix, media = "png", ".png", "image/png"

    def __init__(self, seed=1, size=(96, 64)):
        target = io.BytesIO()
        drawn(*size, seed).save(target, "PNG")
        self.chunks = [(kind, body) for _, kind, body in png_chunks(target.getvalue())]
        # Several IDAT chunks, as real deliveries have them.
        data = b"".join(body for kind, body in self.chunks if kind == b"IDAT")
        pieces = [(b"IDAT", data[at : at + 4096]) for at in range(0, len(data), 4096)]
        self.chunks = [self.chunks[0], *pieces, (b"IEND", b"")]

    def embed(self, store, after=1, crc=None):
        """The file, and the range of the chunk."""
        before = b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in self.chunks[:after])
        middle = chunk(b"caBX", store, crc)
        return before + middle + b"".join(chunk(*one) for one in self.chunks[after:]), (len(before), len(middle))


def png_chunks(data):
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        yield at, kind, data[at + 8 : at + 8 + length]
        at += 12 + length


class JPEG:
    kind, suffix, media = "jpeg", ".jpg", "image/jpeg"

    def __init__(self, seed=1, size=(96, 64), segment=65000, number=b"\x02\x11"):
        target = io.BytesIO()
        drawn(*size, seed).save(target, "JPEG", quality=90)
        self.data, self.segment, self.number = target.getvalue(), segment, number

    def segments(self, store):
        first, rest = store[: self.segment], store[self.segment :]
        pieces = [first, *(store[:8] + rest[at : at + self.segment] for at in range(0, len(rest), self.segment))]
        return [jpeg_segment(0xEB, b"JP" + self.number + struct.pack(">I", index + 1) + piece) for index, piece in enumerate(pieces)]

    def embed(self, store):
        """The file, and the range of all segments. They come behind JFIF's segment."""
        at = 4 + struct.unpack(">H", self.data[4:6])[0]
        middle = b"".join(self.segments(store))
        return self.data[:at] + middle + self.data[at:], (at, len(middle))


def jpeg_segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


class WebP:
    kind, suffix, media = "webp", ".webp", "image/webp"

    def __init__(self, seed=1, size=(96, 64), is_lossless=False):
        target = io.BytesIO()
        drawn(*size, seed).save(target, "WEBP", quality=90, lossless=is_lossless)
        self.body = target.getvalue()[12:]

    def embed(self, store, before=False):
        """The file, and the range of the chunk with its header and padding."""
        middle = riff_chunk(b"C2PA", store)
        body = middle + self.body if before else self.body + middle
        start = 12 if before else 12 + len(self.body)
        return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body, (start, len(middle))


def riff_chunk(kind, body):
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


FORMATS = {"png": PNG, "jpeg": JPEG, "webp": WebP}
