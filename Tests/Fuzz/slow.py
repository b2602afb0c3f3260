"""Inputs under 1 MB that are made to cost time, under the real limits, where the fuzzers use smaller ones to get on.

    slow.py --dump IMAGING_DUMP

Each goes through the whole inspection and has 4 s of processor time, whether it is accepted or refused. Ends with a line as the
fuzzers do: `fuzz slow executions N seconds N crashes N pass|fall`.
"""

import argparse
import pathlib
import resource
import struct
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Interop"))
from png_writer import ADAM7, GREY, RGB, RGBA, SIGNATURE, chunk  # noqa: E402

# Machines of one kind differ by half, and a busy one more; what is looked for costs many times as much.
SLOWEST_INPUT = 4
LARGEST_INPUT = 1 << 20
# A busy machine lends out its caches; the best of so many runs counts.
RUNS = 3
SIDE = 8000


def header(width, height, depth, colour_type, interlaced=False):
    return SIGNATURE + chunk("IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlaced))


def zeros(length):
    """The zlib stream of so many zero bytes, put together of equal pieces."""
    piece = 1 << 20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packer.compress(bytes(1 << 15))
    packer.flush(zlib.Z_SYNC_FLUSH)
    whole = packer.compress(bytes(piece)) + packer.flush(zlib.Z_SYNC_FLUSH)
    first = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = first.compress(bytes(1 << 15)) + first.flush(zlib.Z_SYNC_FLUSH)
    count, rest = divmod(length - (1 << 15), piece)
    last = zlib.compressobj(9, zlib.DEFLATED, -15)
    end = last.compress(bytes(rest)) + last.flush()
    # Adler-32 of zeros: the one sum stays 1, the other counts them.
    return b"\x78\xda" + start + whole * count + end + struct.pack(">HH", length % 65521, 1)


def interlaced_length(side, bits):
    sizes = (((side - x + x_step - 1) // x_step, (side - y + y_step - 1) // y_step) for x, y, x_step, y_step in ADAM7)
    return sum(height * (1 + (width * bits + 7) // 8) for width, height in sizes)


def filled(pattern):
    """As many of it as an input holds."""
    return pattern * ((LARGEST_INPUT - 4096) // len(pattern))


def pictures():
    end = chunk("IEND")
    row = zlib.compress(bytes(10))
    tiny, data = header(3, 1, 8, RGB), chunk("IDAT", row)
    yield "64 megapixels, grey", header(SIDE, SIDE, 1, GREY) + chunk("IDAT", zeros(SIDE * (SIDE // 8 + 1))) + end
    yield "64 megapixels, colour", header(SIDE, SIDE, 8, RGB) + chunk("IDAT", zeros(SIDE * (SIDE * 3 + 1))) + end
    yield "64 megapixels, interlaced", header(SIDE, SIDE, 8, RGB, True) + chunk("IDAT", zeros(interlaced_length(SIDE, 24))) + end
    yield "64 megapixels, 16 bits, alpha", header(SIDE, SIDE, 16, RGBA) + chunk("IDAT", zeros(SIDE * (SIDE * 8 + 1))) + end
    packed = zlib.compress(b"a" * 65000, 9)
    yield "zTXt chunks that inflate", tiny + filled(chunk("zTXt", b"k\0\0" + packed)) + data + end
    yield "iTXt chunks that inflate", tiny + filled(chunk("iTXt", b"k\0\1\0\0\0" + packed)) + data + end
    yield "one zTXt that inflates to 900 MB", tiny + chunk("zTXt", b"k\0\0" + zeros(900_000_000)) + data + end
    yield "profiles that inflate", tiny + filled(chunk("iCCP", b"k\0\0" + zlib.compress(bytes(4_000_000), 9))) + data + end
    yield "short texts", tiny + filled(chunk("tEXt", b"k\0")) + data + end
    yield "one text of control characters", tiny + chunk("tEXt", b"k\0" + b"\x1b" * 1_000_000) + data + end
    yield "empty IDAT chunks", tiny + filled(chunk("IDAT")) + data + end
    # Ten bits each: not the last, fixed codes, end of block.
    fixed = int.to_bytes(sum(0b10 << 10 * index for index in range(4)), 5, "little")
    tail = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = filled(fixed) + tail.compress(bytes(10)) + tail.flush() + row[-4:]
    yield "empty blocks of fixed codes", tiny + chunk("IDAT", b"\x78\x9c" + stream) + end
    stream = filled(b"\0\0\0\xff\xff") + b"\1\x0a\0\xf5\xff" + bytes(10) + row[-4:]
    yield "empty stored blocks", tiny + chunk("IDAT", b"\x78\x01" + stream) + end
    yield "100 scans of 64 megapixels", many_scans()


def many_scans():
    script = ["0: 0-0, 0, 0;"]
    for coefficient in range(1, 64):
        script += [f"0: {coefficient}-{coefficient}, {0 if bit == 9 else bit + 1}, {bit};" for bit in range(9, -1, -1)]
    with tempfile.NamedTemporaryFile("w") as scans:
        scans.write("\n".join(script[:100]))
        scans.flush()
        grey = b"P5 %d %d 255\n" % (SIDE, SIDE) + bytes(SIDE * SIDE)
        return subprocess.run(["/usr/bin/cjpeg", "-scans", scans.name], input=grey, stdout=subprocess.PIPE, check=True).stdout


def processor_time(dump, path, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([dump], input=f"derivatives {path} {folder}\n", stdout=subprocess.PIPE, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.returncode, done.stdout.strip()


def best_time(dump, path, folder):
    """The first run within the limit, or the best of all."""
    runs = []
    while len(runs) < RUNS and (not runs or SLOWEST_INPUT < min(runs)[0] < 3 * SLOWEST_INPUT):
        runs.append(processor_time(dump, path, folder))
    return min(runs)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dump", required=True)
    arguments = parser.parse_args()
    begun, count, findings = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "input"
        for name, data in pictures():
            if len(data) > LARGEST_INPUT:
                sys.exit(f"fuzz slow: {name} has {len(data)} bytes, more than the limit")
            path.write_bytes(data)
            best, status, answer = best_time(arguments.dump, path, folder)
            count += 1
            is_slow = best > SLOWEST_INPUT
            findings += is_slow or status != 0
            print(f"fuzz slow: {name}: {best:.2f} s{', TOO LONG' * is_slow}, {answer[:90] or f'died, {status}'}", flush=True)
    print(f"fuzz slow executions {count} seconds {time.monotonic() - begun:.0f} crashes {findings} {'fall' if findings else 'pass'}")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
