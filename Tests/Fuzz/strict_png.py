"""A strict reader of small PNG files, written after the specification (PNG, third edition) and shared with no decoder: the judge.

It looks at chunks one by one, inflates with Python's zlib, and undoes filters byte by byte. Slow, and easy to check.
"""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


class Damaged(Exception):
    pass


class Verdict:
    """Of a whole file: its pixels as RGB or RGBA, the number of bytes behind it, its frames, and whether a note is due."""

    def __init__(self):
        self.width = self.height = 0
        self.channels = 3
        self.pixels = b""
        self.trailing = 0
        self.frames = 1
        self.needs_note = False


def demand(condition, reason):
    if not condition:
        raise Damaged(reason)


def chunks_of(data):
    """Name, body, whether the CRC is right, and the end of each chunk up to IEND."""
    demand(data.startswith(SIGNATURE), "no signature")
    at = len(SIGNATURE)
    while True:
        demand(len(data) - at >= 12, "the file is cut")
        length = struct.unpack(">I", data[at:at + 4])[0]
        name = data[at + 4:at + 8]
        demand(length <= 0x7FFFFFFF and name.isalpha() and name.isascii(), "no chunk")
        demand(length <= len(data) - at - 12, "the file is cut")
        body = data[at + 8:at + 8 + length]
        at += 12 + length
        yield name.decode(), body, zlib.crc32(name + body) == struct.unpack(">I", data[at - 4:at])[0], at
        if name == b"IEND":
            return


def read(data):
    """The verdict on a file, or `Damaged`."""
    result = Verdict()
    header = palette = key = None
    stream, data_begun, data_ended = [], False, False
    animation = Animation()
    for name, body, is_sound, end in chunks_of(data):
        is_critical = name[0].isupper()
        demand(is_sound or not is_critical, f"CRC of {name}")
        demand(header is not None or name == "IHDR", "no IHDR")
        if data_begun and name != "IDAT":
            data_ended = True
        if name == "IHDR":
            demand(header is None, "two IHDR")
            header = read_header(body)
            animation.canvas = header[:2]
        elif name == "IDAT":
            demand(not data_ended, "IDAT in two places")
            demand(header[3] != 3 or palette is not None, "no PLTE")
            data_begun = True
            stream.append(body)
            animation.data_begun = True
        elif name == "PLTE":
            demand(palette is None and not data_begun and header[3] not in (0, 4), "PLTE out of place")
            demand(0 < len(body) <= 768 and len(body) % 3 == 0, "PLTE of no length")
            palette = body
        elif name == "IEND":
            demand(data_begun and not body, "IEND")
            result.trailing = len(data) - end
        elif name == "tRNS":
            lengths = {0: (2,), 2: (6,), 3: range(1, len(palette or b"") // 3 + 1)}.get(header[3], ())
            if data_begun or key is not None or len(body) not in lengths:
                result.needs_note = True
            else:
                demand(is_sound, "CRC of tRNS")
                key = body
        else:
            demand(not is_critical, f"unknown {name}")
            if name in ("acTL", "fcTL", "fdAT"):
                animation.read(name, body, is_sound)
            elif not is_sound:
                result.needs_note = True
    rows = inflated(stream, header)
    result.width, result.height = header[:2]
    result.channels = 4 if header[3] in (4, 6) or key is not None else 3
    result.pixels = pixels(rows, header, palette, key)
    frames = animation.end()
    result.frames = frames or 1
    result.needs_note |= frames is None and animation.has_any
    return result


def read_header(body):
    demand(len(body) == 13, "IHDR of no length")
    width, height, depth, colour, compression, row_filter, interlace = struct.unpack(">IIBBBBB", body)
    demand(1 <= width <= 0x7FFFFFFF and 1 <= height <= 0x7FFFFFFF, "no size")
    demand(depth in DEPTHS.get(colour, ()) and compression == 0 and row_filter == 0 and interlace <= 1, "no kind of picture")
    # The judge is for small pictures.
    assert width * height <= 1 << 16
    return width, height, depth, colour, interlace


def passes_of(header):
    width, height, _, _, interlace = header
    for x, y, x_step, y_step in PASSES if interlace else [(0, 0, 1, 1)]:
        columns, rows = range(x, width, x_step), range(y, height, y_step)
        if columns and rows:
            yield columns, rows


def inflated(parts, header):
    bits = SAMPLES[header[3]] * header[2]
    promised = sum(len(rows) * (1 + (len(columns) * bits + 7) // 8) for columns, rows in passes_of(header))
    stream = b"".join(parts)
    machine = zlib.decompressobj()
    try:
        rows = machine.decompress(stream, promised + 1)
        # What is left may be the sum, or blocks of nothing.
        if not machine.eof and len(rows) <= promised:
            rows += machine.decompress(machine.unconsumed_tail, promised + 1 - len(rows) or 1)
    except zlib.error as error:
        raise Damaged(str(error)) from error
    demand(machine.eof, "the stream does not end")
    demand(not machine.unused_data, "data behind the stream")
    demand(len(rows) == promised, "too few rows, or too many")
    return rows


def unfiltered(kind, row, above, distance):
    out = bytearray(len(row))
    for index, value in enumerate(row):
        left = out[index - distance] if index >= distance else 0
        corner = above[index - distance] if index >= distance else 0
        up = above[index]
        if kind == 4:
            guess = left + up - corner
            nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))
            value += nearest[2]
        else:
            value += (0, left, up, (left + up) // 2)[kind]
        out[index] = value & 255
    return bytes(out)


def samples_of(row, depth, count):
    if depth == 16:
        return struct.unpack(f">{count}H", row[:2 * count])
    if depth == 8:
        return row[:count]
    number = int.from_bytes(row, "big")
    total = len(row) * 8
    return [number >> (total - depth * (index + 1)) & (1 << depth) - 1 for index in range(count)]


def pixels(rows, header, palette, key):
    width, height, depth, colour, _ = header
    samples, top = SAMPLES[colour], (1 << depth) - 1
    distance = max(1, samples * depth // 8)
    canvas = [[None] * width for _ in range(height)]
    if key is not None and colour != 3:
        # Section 11.3.1.1: the surplus bits are masked.
        key = tuple(value & top for value in struct.unpack(f">{samples}H", key))
    at = 0
    for columns, lines in passes_of(header):
        length = (len(columns) * samples * depth + 7) // 8
        above = bytes(length)
        for y in lines:
            demand(rows[at] <= 4, "an unknown filter")
            above = unfiltered(rows[at], rows[at + 1:at + 1 + length], above, distance)
            at += 1 + length
            values = samples_of(above, depth, len(columns) * samples)
            for number, x in enumerate(columns):
                canvas[y][x] = pixel(tuple(values[number * samples:(number + 1) * samples]), colour, top, palette, key)
    return b"".join(bytes(one) for line in canvas for one in line)


def pixel(values, colour, top, palette, key):
    if colour == 3:
        index = values[0]
        # An index beyond the palette is opaque black; of entries that no index of this depth can name, none is used.
        entry = tuple(palette[3 * index:3 * index + 3]) if 3 * index < len(palette) else (0, 0, 0)
        return entry if key is None else (*entry, key[index] if index < len(key) and 3 * index < len(palette) else 255)
    levels = tuple((value * 255 * 2 + top) // (2 * top) for value in values)
    if colour in (4, 6):
        return levels if colour == 6 else (levels[0],) * 3 + (levels[1],)
    colours = levels if colour == 2 else levels * 3
    return colours if key is None else (*colours, 0 if values == key else 255)


class Animation:
    """Control chunks after sections 11.3.6 and 12; one fault makes a still picture."""

    def __init__(self):
        self.canvas = (0, 0)
        self.data_begun = False
        self.has_any = False
        self.is_broken = False
        self.declared = None
        self.frames = 0
        self.sequence = 0
        self.open_frame = None  # fdAT chunks of the last fcTL behind IDAT

    def read(self, name, body, is_sound):
        if name != "fdAT":
            self.has_any = True
        try:
            assert is_sound
            if name == "acTL":
                assert self.declared is None and not self.data_begun and len(body) == 8
                self.declared = struct.unpack(">I", body[:4])[0]
                assert 1 <= self.declared <= 0x7FFFFFFF
                return
            assert len(body) == 26 if name == "fcTL" else len(body) >= 4
            assert struct.unpack(">I", body[:4])[0] == self.sequence
            self.sequence += 1
            if name == "fdAT":
                assert self.open_frame is not None
                self.open_frame += 1
                return
            assert self.open_frame != 0
            width, height, x, y = struct.unpack(">4I", body[4:20])
            assert width and height and x + width <= self.canvas[0] and y + height <= self.canvas[1]
            assert body[24] <= 2 and body[25] <= 1
            if self.data_begun:
                self.open_frame = 0
            else:
                assert self.frames == 0 and (width, height) == self.canvas
            self.frames += 1
        except AssertionError:
            self.is_broken = True

    def end(self):
        """The number of frames; None for a still picture."""
        is_whole = not self.is_broken and self.declared == self.frames and self.open_frame != 0
        return self.frames if is_whole and self.declared is not None else None
