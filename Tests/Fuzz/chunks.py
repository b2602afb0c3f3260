"""Compares our PNG reader with an independent one. The small PNG files have chunks that are split, merged, moved, doubled, left out,
damaged, oversized or followed by other bytes, with corrected CRCs or not.

    chunks.py --dump IMAGING_DUMP --seconds 20 [--seed N]

`strict_png.py` is the judge. Both must accept or refuse a file, and find the same pixels, trailing bytes and number of frames. A
required note must exist. The last line is like that of the fuzzers. A finding is kept, with its seed.
"""

import argparse
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Interop")]
import png_writer  # noqa: E402
import strict_png  # noqa: E402

FINDINGS = HERE.parent.parent / ".build" / "fuzz-findings"
ANCILLARY = ["tEXt", "zTXt", "iTXt", "iCCP", "gAMA", "cHRM", "sRGB", "cICP", "sBIT", "bKGD", "hIST", "pHYs", "tIME", "eXIf", "caBX", "prVt",
             "tRNS", "acTL", "fcTL", "fdAT"]
CRITICAL = ["IHDR", "PLTE", "IDAT", "IEND", "NeWc"]


class Chunk:
    def __init__(self, name, body, crc=None, length=None):
        self.name, self.body, self.crc, self.length = name, bytes(body), crc, length

    def bytes(self):
        name = self.name.encode("latin-1")
        crc = zlib.crc32(name + self.body) if self.crc is None else self.crc
        length = len(self.body) if self.length is None else self.length
        return struct.pack(">I", length) + name + self.body + struct.pack(">I", crc)

    def copy(self):
        return Chunk(self.name, self.body, self.crc, self.length)


def frame(dice, sequence, width, height):
    x, y = dice.randrange(width), dice.randrange(height)
    if dice.random() < 0.5:
        x = y = 0
    size = (width - x, height - y) if dice.random() < 0.9 else (dice.randrange(width + 2), dice.randrange(height + 2))
    return Chunk("fcTL", struct.pack(">5IHHBB", sequence, *size, x, y, 1, 25, dice.choice([0, 0, 0, 1, 2, 3]), dice.choice([0, 0, 1, 2])))


def animated(dice, chunks, width, height):
    """Control chunks that mostly make sense."""
    count = dice.randrange(1, 4)
    before, after, sequence = [Chunk("acTL", struct.pack(">II", count if dice.random() < 0.8 else dice.choice([0, 5000, 1 << 31]), 0))], [], 0
    for number in range(count):
        if number == 0 and dice.random() < 0.5:
            before.append(Chunk("fcTL", struct.pack(">5IHHBB", 0, width, height, 0, 0, 1, 25, 0, 0)))
            sequence = 1
            continue
        after.append(frame(dice, sequence, width, height))
        sequence += 1
        for _ in range(dice.choice([1, 1, 2])):
            after.append(Chunk("fdAT", struct.pack(">I", sequence) + b"data"))
            sequence += 1
    first = next(index for index, chunk in enumerate(chunks) if chunk.name == "IDAT")
    return chunks[:first] + before + chunks[first:-1] + after + chunks[-1:]


def start(dice):
    colour, depth = dice.choice(png_writer.KINDS)
    width, height = dice.randrange(1, 13), dice.randrange(1, 9)
    picture = png_writer.Picture(colour, depth, width, height, has_key=dice.random() < 0.3, seed=dice.random())
    interlaced = dice.random() < 0.3
    rows = picture.filtered(dice.choice(png_writer.FILTERS), interlaced)
    if dice.random() < 0.06:
        rows = rows[:-1 - dice.randrange(len(rows))] if dice.random() < 0.5 else rows + bytes(dice.randrange(1, 9))
    if dice.random() < 0.03:
        rows = bytes([dice.randrange(3, 8)]) + rows[1:]
    stream = bytearray(zlib.compress(rows, dice.choice([0, 1, 9])))
    if dice.random() < 0.1:
        # Another window, lawful or not, under the right check bits.
        stream[0] = dice.randrange(16) << 4 | 8
        stream[1] = 31 - (stream[0] << 8) % 31 if (stream[0] << 8) % 31 else 0
    change_stream(dice, stream)
    if picture.key is not None and colour in (0, 2) and depth < 16 and dice.random() < 0.5:
        # Bits above the depth, which are to be masked.
        surplus = 0x10000 - (1 << depth)
        key = b"".join(struct.pack(">H", one | dice.randrange(0x10000) & surplus) for one in picture.key)
    else:
        key = picture.transparency()[8:-4]
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    chunks = [Chunk("IHDR", header)]
    if picture.palette:
        chunks.append(Chunk("PLTE", bytes(value for entry in picture.palette for value in entry)))
    if key:
        chunks.append(Chunk("tRNS", key))
    chunks += [Chunk("IDAT", stream), Chunk("IEND", b"")]
    return animated(dice, chunks, width, height) if dice.random() < 0.2 else chunks


def change_stream(dice, stream):
    way = dice.random()
    if way < 0.05:
        stream += b"hidden"[:dice.randrange(1, 7)]
    elif way < 0.1:
        del stream[-dice.randrange(1, 6):]
    elif way < 0.15:
        stream[-dice.randrange(1, min(5, len(stream)))] ^= 1 << dice.randrange(8)


def body_for(dice, name):
    lengths = {"gAMA": 4, "cHRM": 32, "sRGB": 1, "cICP": 4, "pHYs": 9, "tIME": 7, "acTL": 8, "fcTL": 26, "fdAT": 12, "IHDR": 13, "IEND": 0}
    length = lengths.get(name, dice.randrange(12)) if dice.random() < 0.7 else dice.randrange(40)
    return bytes(dice.choice([0, 0, 1, dice.randrange(256)]) for _ in range(length))


def split(dice, chunks):
    number = dice.choice([index for index, chunk in enumerate(chunks) if chunk.name == "IDAT"] or [0])
    body = chunks[number].body
    cuts = sorted(dice.randrange(len(body) + 1) for _ in range(dice.choice([1, 1, 2, 5])))
    if dice.random() < 0.1:
        cuts = list(range(len(body)))
    # The sum at the end is where readers differ.
    if dice.random() < 0.5:
        cuts.append(max(0, len(body) - dice.randrange(1, 5)))
        cuts.sort()
    edges = [0, *cuts, len(body)]
    chunks[number:number + 1] = [Chunk("IDAT", body[a:b]) for a, b in zip(edges, edges[1:])]


def mutate(dice, chunks):
    number = dice.randrange(len(chunks))
    way = dice.randrange(12)
    if way <= 3:
        split(dice, chunks)
    elif way == 4:
        chunks.insert(number, chunks[dice.randrange(len(chunks))].copy())
    elif way == 5:
        moved = chunks.pop(number)
        chunks.insert(dice.randrange(len(chunks) + 1), moved)
    elif way == 6 and len(chunks) > 1:
        del chunks[number]
    elif way in (7, 8):
        name = dice.choice(ANCILLARY if dice.random() < 0.85 else CRITICAL)
        chunks.insert(dice.randrange(1, len(chunks) + 1), Chunk(name, body_for(dice, name)))
    elif way == 9:
        chunk = chunks[number]
        if dice.random() < 0.5 or not chunk.body:
            chunk.crc = dice.randrange(1 << 32)
        else:
            body = bytearray(chunk.body)
            body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
            if dice.random() < 0.5:
                chunk.crc = zlib.crc32(chunk.name.encode("latin-1") + chunk.body)
            chunk.body = bytes(body)
    elif way == 10:
        chunk = chunks[number]
        if dice.random() < 0.5:
            name = bytearray(chunk.name.encode("latin-1"))
            name[dice.randrange(4)] ^= dice.choice([0x20, 0x20, 1 << dice.randrange(8)])
            chunk.name = name.decode("latin-1")
        else:
            chunk.length = dice.choice([0, len(chunk.body) + dice.choice([-1, 1, 12]), 0x7FFFFFFF, 0xFFFFFFFF])
            chunk.length = max(0, chunk.length)
    else:
        after = [index for index, chunk in enumerate(chunks) if chunk.name == "IDAT"]
        if after:
            at = dice.choice(after) + 1
            chunks.insert(at, Chunk("IDAT", dice.choice([b"", b"", b"\0", b"hidden", bytes(chunks[at - 1].body)])))


def case(seed):
    dice = random.Random(seed)
    chunks = start(dice)
    for _ in range(dice.choice([0, 1, 1, 2, 3])):
        mutate(dice, chunks)
    if seed % 400 == 399:
        # Above the limit of a library, below ours.
        chunks.insert(1, Chunk(dice.choice(["tEXt", "caBX", "iTXt"]), b"parameters\0\0\0\0\0\0" + bytes(9_000_000)))
    data = png_writer.SIGNATURE + b"".join(chunk.bytes() for chunk in chunks)
    end = dice.random()
    if end < 0.1:
        data += bytes(dice.randrange(256) for _ in range(dice.randrange(1, 20)))
    elif end < 0.15:
        data = data[:dice.randrange(len(data))]
    return data


class Program:
    """`imaging-dump`: one line for one line."""

    def __init__(self, path, scratch):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.scratch = scratch

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip() or "error: died"

    def differs(self, seed, data):
        """In what it differs from the judge; None when it does not."""
        path = self.scratch / f"{seed}.png"
        path.write_bytes(data)
        try:
            return self.compare(path, data)
        finally:
            path.unlink()

    def compare(self, path, data):
        said = self.ask("verdict", path)
        try:
            truth = strict_png.read(data)
        except strict_png.Damaged as reason:
            is_refused = said.startswith(("error damaged", "error truncated", "error unrecognized", "error limitExceeded"))
            return None if is_refused else f"'{said}', but expected: {reason}"
        except AssertionError:
            # A header that claims a large picture is for other tests.
            return None
        if said != f"ok {truth.trailing}":
            return f"'{said}', but expected: ok {truth.trailing}"
        raw = self.scratch / "raw"
        shape = self.ask("pixels", path, raw)
        if shape != f"{truth.width} {truth.height} {truth.channels}" or raw.read_bytes() != truth.pixels:
            return f"different pixels ({shape})"
        frames, notes = map(int, self.ask("notes", path).split())
        if frames != truth.frames:
            return f"{frames} frames, not {truth.frames}"
        return "no note" if truth.needs_note and notes == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dump", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, help="only this case")
    arguments = parser.parse_args()
    begun, executions, finding = time.monotonic(), 0, None
    seed = arguments.seed or 0
    with tempfile.TemporaryDirectory() as folder:
        program = Program(arguments.dump, pathlib.Path(folder))
        while finding is None and time.monotonic() - begun < arguments.seconds:
            data = case(seed)
            finding = program.differs(seed, data)
            executions += 1
            seed += 1
            if arguments.seed is not None:
                break
    if finding is not None:
        FINDINGS.mkdir(parents=True, exist_ok=True)
        kept = FINDINGS / f"chunks-{seed - 1}.png"
        kept.write_bytes(data)
        print(f"fuzz chunks: case {seed - 1} ({kept}): {finding}")
    passes = finding is None and executions > 0
    print(f"fuzz chunks executions {executions} seconds {time.monotonic() - begun:.0f} crashes {int(finding is not None)} "
          f"{'pass' if passes else 'fall'}")
    sys.exit(0 if passes else 1)


if __name__ == "__main__":
    main()
