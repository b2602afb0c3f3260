"""Writes PNG files of every kind with the row filters that the caller names, and says which pixels they hold.

Its own reading of the PNG specification (ISO/IEC 15948), shared with no decoder, so that it can be one more witness.
"""

import random
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGBA: (8, 16)}
KINDS = [(colour_type, depth) for colour_type, depths in DEPTHS.items() for depth in depths]
# x start, y start, x step, y step of the seven passes of Adam7.
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
MIXED = "mixed"
FILTERS = [0, 1, 2, 3, 4, MIXED]


def chunk(name, body=b""):
    name = name.encode() if isinstance(name, str) else name
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


class Picture:
    """Samples of one kind, and what they mean as 8-bit RGBA."""

    def __init__(self, colour_type, depth, width, height, has_key=False, seed=0):
        self.colour_type, self.depth, self.width, self.height = colour_type, depth, width, height
        dice = random.Random(f"{colour_type} {depth} {width} {height} {seed}")
        top = (1 << depth) - 1
        self.palette = []
        if colour_type == PALETTE:
            # Fewer entries than the depth allows: the indices stay below.
            top = min(top, 200)
            self.palette = [tuple(dice.randrange(256) for _ in range(3)) for _ in range(top + 1)]
        phases = [dice.random() for _ in range(CHANNELS[colour_type])]

        def sample(x, y, phase):
            smooth = (x * (1 + phase) / width + y * (2 - phase) / height + phase) % 1
            return min(top, max(0, int(smooth * (top + 1)) + (dice.randrange(-1, 2) if top > 3 else 0)))

        self.rows = [[tuple(sample(x, y, phase) for phase in phases) for x in range(width)] for y in range(height)]
        self.key = None
        if has_key and colour_type == PALETTE:
            self.key = [dice.randrange(256) for _ in range(max(1, len(self.palette) - 1))]
        elif has_key and colour_type in (GREY, RGB):
            self.key = self.rows[height // 2][width // 2]

    @property
    def has_alpha(self):
        return self.colour_type in (GREY_ALPHA, RGBA) or self.key is not None

    def level(self, sample):
        """A sample as 8 bits: the nearest of 256 levels."""
        top = (1 << self.depth) - 1
        return (sample * 255 * 2 + top) // (2 * top)

    def pixel(self, samples):
        if self.colour_type == PALETTE:
            index = samples[0]
            alpha = self.key[index] if self.key and index < len(self.key) else 255
            return (*self.palette[index], alpha)
        levels = [self.level(one) for one in samples]
        alpha = 0 if samples == self.key else 255
        if self.colour_type == GREY:
            return (levels[0],) * 3 + (alpha,)
        if self.colour_type == GREY_ALPHA:
            return (levels[0],) * 3 + (levels[1],)
        return tuple(levels) if self.colour_type == RGBA else (*levels, alpha)

    def rgba(self):
        return bytes(value for row in self.rows for samples in row for value in self.pixel(samples))

    def transparency(self):
        if self.key is None:
            return b""
        if self.colour_type == PALETTE:
            return chunk("tRNS", bytes(self.key))
        return chunk("tRNS", b"".join(struct.pack(">H", one) for one in self.key))

    def file(self, row_filter=MIXED, interlaced=False, before=b"", after=b"", pieces=1, level=6):
        """The PNG; `before` and `after` are chunks around IDAT, which comes in `pieces`."""
        header = struct.pack(">IIBBBBB", self.width, self.height, self.depth, self.colour_type, 0, 0, int(interlaced))
        palette = chunk("PLTE", bytes(value for entry in self.palette for value in entry)) if self.palette else b""
        packed = zlib.compress(self.filtered(row_filter, interlaced), level)
        size = -(-len(packed) // pieces)
        data = b"".join(chunk("IDAT", packed[at:at + size]) for at in range(0, len(packed), size))
        return (SIGNATURE + chunk("IHDR", header) + before + palette + self.transparency() + data + after + chunk("IEND"))

    def filtered(self, row_filter, interlaced):
        passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
        out = bytearray()
        for x, y, x_step, y_step in passes:
            rows = [row[x::x_step] for row in self.rows[y::y_step]]
            # A pass without columns has no rows either, not even filter bytes.
            if rows and rows[0]:
                out += self.filtered_pass(rows, row_filter)
        return bytes(out)

    def filtered_pass(self, rows, row_filter):
        distance = max(1, CHANNELS[self.colour_type] * self.depth // 8)
        out = bytearray()
        above = None
        for number, row in enumerate(rows):
            raw = self.packed(row)
            above = above or bytes(len(raw))
            kind = (number * 3 + number // 5) % 5 if row_filter == MIXED else row_filter
            out.append(kind)
            out += filtered_row(kind, raw, above, distance)
            above = raw
        return out

    def packed(self, row):
        values = [value for samples in row for value in samples]
        if self.depth == 16:
            return b"".join(struct.pack(">H", value) for value in values)
        if self.depth == 8:
            return bytes(values)
        bits = "".join(format(value, f"0{self.depth}b") for value in values)
        bits += "0" * (-len(bits) % 8)
        return bytes(int(bits[at:at + 8], 2) for at in range(0, len(bits), 8))


def paeth(left, up, corner):
    guess = left + up - corner
    distances = abs(guess - left), abs(guess - up), abs(guess - corner)
    if distances[0] <= distances[1] and distances[0] <= distances[2]:
        return left
    return up if distances[1] <= distances[2] else corner


def filtered_row(kind, raw, above, distance):
    out = bytearray()
    for index, value in enumerate(raw):
        left = raw[index - distance] if index >= distance else 0
        corner = above[index - distance] if index >= distance else 0
        up = above[index]
        guess = (0, left, up, (left + up) // 2, paeth(left, up, corner))[kind]
        out.append((value - guess) & 255)
    return out
