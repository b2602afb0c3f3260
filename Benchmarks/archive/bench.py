"""The whole of `fixative archive` against the imaging job alone, on the same pictures in turns.

The pictures are PNGs of the corpus, each with a text chunk of its own, so that none is a copy of another. `fixative simulate` serves
them from this machine and takes its share of it; the archive lies on a real disk, with every commit synchronised. Prints each round,
and at the end the median ratio of the two speeds as a target line.
"""

import argparse
import os
import pathlib
import re
import statistics
import struct
import subprocess
import time
import zlib

NAMES = ["boots-1254x1254", "chair-1254x1254", "dining-1254x1254", "jacket-1024x1536", "sweater-1122x1402", "tea-1672x941"]
SIGNATURE_AND_HEADER = 8 + 25


def variant(data, number):
    body = b"tEXt" + b"Comment\0" + str(number).encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:SIGNATURE_AND_HEADER] + chunk + data[SIGNATURE_AND_HEADER:]


def imaging(program, folder):
    answer = subprocess.run([program], input=f"folder {folder}\n", capture_output=True, text=True, check=True).stdout
    return float(answer)


def archiving(fixative, folder, storage, count):
    """Seconds, and the processor seconds that the archiving process took."""
    simulator = subprocess.Popen(
        [fixative, "simulate", "--port", "0", "--images", folder, "--tasks", str(count)], stderr=subprocess.PIPE, text=True)
    try:
        url = None
        for line in simulator.stderr:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                url = found[0]
                break
        command = [fixative, "archive", "--since", "7d", "--api-url", url, "--allow-private-hosts", "--storage", storage]
        before, start = os.times(), time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "FIXATIVE_API_KEY": "bench"})
        elapsed, after = time.perf_counter() - start, os.times()
        # 1: pictures that are not what was asked for, which the audit says too.
        if done.returncode not in (0, 1) or f"{count} pictures archived" not in done.stderr + done.stdout:
            raise SystemExit(done.stderr[-2000:])
        used = after.children_user + after.children_system - before.children_user - before.children_system
        return elapsed, used
    finally:
        simulator.terminate()
        simulator.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fixative", required=True)
    parser.add_argument("--imaging", required=True)
    parser.add_argument("--corpus", type=pathlib.Path, required=True)
    parser.add_argument("--scratch", type=pathlib.Path, required=True)
    parser.add_argument("--pictures", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    pictures = arguments.scratch / "pictures"
    pictures.mkdir()
    originals = [(arguments.corpus / f"{name}.png").read_bytes() for name in NAMES]
    for number in range(arguments.pictures):
        (pictures / f"{number:05}.png").write_bytes(variant(originals[number % len(originals)], number))

    ratios = []
    for number in range(arguments.rounds):
        alone = imaging(arguments.imaging, pictures)
        whole, used = archiving(arguments.fixative, pictures, arguments.scratch / f"storage-{number}", arguments.pictures)
        ratios.append(alone / whole)
        print(f"imaging alone {arguments.pictures / alone:6.1f} pictures a second   archived {arguments.pictures / whole:6.1f}"
              f"   {used / arguments.pictures * 1000:5.1f} CPU ms a picture   ratio {ratios[-1]:.2f}", flush=True)
    ratio = statistics.median(ratios)
    print(f"target archive-against-imaging ratio {ratio:.2f} goal 0.60 {'pass' if ratio >= 0.6 else 'fall'}")


if __name__ == "__main__":
    main()
