"""What each encoder setting costs and keeps: the tables behind the recipe of the derivatives.

    encoders.sh            both sizes; CORPUS, PEERS_PYTHON and SIDES as in bench.sh

Every picture is resized by our own resizer, encoded by our own encoders, decoded by Pillow and compared with the resized picture by
SSIMULACRA2. Prints Markdown: the mean and the worst score, the mean size, and the mean CPU time of encoding.
"""

import argparse
import datetime
import multiprocessing
import os
import pathlib
import statistics
import subprocess
import sys

import numpy as np
import PIL.Image
from ssimulacra2 import ssimulacra2 as metric

PICTURES = [
    "boots-1254x1254.png", "chair-1254x1254.png", "dining-1254x1254.png", "jacket-1024x1536.png", "sweater-1122x1402.png",
    "tea-1672x941.png", "nails-2048x2048.png", "serum-2048x2048.png",
]
JPEG_QUALITIES = [70, 75, 78, 80, 82, 85, 88, 90, 92]
# Methods at one quality, qualities at the methods that are in question.
WEBP_METHODS = range(7)
WEBP_QUALITIES = [75, 80, 82, 85, 90]
WEBP_METHODS_OF_QUALITIES = [0, 2, 4]
WEBP_QUALITY_OF_METHODS = 82


class Dump:
    """Our own program, which answers one line to one line."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer or answer.startswith("error"):
            sys.exit(f"imaging-dump: {' '.join(map(str, words))}: {answer or 'no answer'}")
        return answer


def linear(path):
    return metric.srgb_to_linear(np.array(PIL.Image.open(path).convert("RGB"), dtype=np.float64))


def scales(picture):
    """XYB, its blurred mean and its blurred square at each of the six scales, which is all that one side contributes."""
    for scale in range(metric.kNumScales):
        if scale > 0:
            picture = metric.downsample(picture, 2, 2)
        xyb = metric.make_positive_xyb(metric.linear_rgb_to_xyb(picture))
        if min(xyb.shape[:2]) < 8:
            return
        yield xyb, metric.blur_image(xyb), metric.blur_image(xyb * xyb)


class Judge:
    """SSIMULACRA2 by the package's own functions, with the half of the work that belongs to the reference done once."""

    def __init__(self):
        self.path = None

    def score(self, reference, path):
        if self.path != reference:
            self.path, self.reference = reference, list(scales(linear(reference)))
        whole = metric.Msssim()
        for (one, mean, square), (other, other_mean, other_square) in zip(self.reference, scales(linear(path))):
            scale = metric.MsssimScale()
            both = metric.blur_image(one * other)
            scale.avg_ssim = metric.ssim_map(mean, other_mean, square, other_square, both)
            scale.avg_edgediff = metric.edge_diff_map(one, mean, other, other_mean)
            whole.scales.append(scale)
        return whole.score()


JUDGE = Judge()


def score(pair):
    return JUDGE.score(*pair)


def settings():
    """(title, words for our program, the title whose pixels these must be)."""
    for chroma, name in (("half", "4:2:0"), ("full", "4:4:4")):
        for quality in JPEG_QUALITIES:
            title = f"JPEG q{quality} {name}"
            yield title, ["jpeg", quality, chroma, "plain"], None
            if quality in (80, 82, 85, 90):
                yield f"{title} optimized", ["jpeg", quality, chroma, "optimized"], title
                yield f"{title} progressive", ["jpeg", quality, chroma, "progressive"], title
    for quality in WEBP_QUALITIES:
        for method in WEBP_METHODS:
            if method in WEBP_METHODS_OF_QUALITIES or quality == WEBP_QUALITY_OF_METHODS:
                yield f"WebP q{quality} m{method}", ["webp", quality, "lossy", method], None


def same_pixels(one, other):
    with PIL.Image.open(one) as first, PIL.Image.open(other) as second:
        return first.convert("RGB").tobytes() == second.convert("RGB").tobytes()


def measure(dump, corpus, side, scratch, pool):
    made, twins = {}, {}
    for name in PICTURES:
        raw, reference = scratch / "raw", scratch / f"{side}-{name}"
        width, height, channels = map(int, dump.ask("resized", corpus / name, side, raw).split())
        mode = "RGB" if channels == 3 else "RGBA"
        PIL.Image.frombytes(mode, (width, height), raw.read_bytes()).convert("RGB").save(reference, compress_level=1)
        for number, (title, (kind, *options), twin) in enumerate(settings()):
            path = scratch / f"{side}-{name}-{number}.{kind}"
            time = float(dump.ask(kind, reference, *options, path))
            made.setdefault(title, []).append((reference, path, path.stat().st_size, time))
            if twin:
                twins[title] = twin
                if not same_pixels(made[twin][-1][1], path):
                    sys.exit(f"{title} and {twin} have different pixels in {name}")
    # Sorted by reference, so that a process keeps what it knows of it.
    pairs = sorted({(reference, path) for title, files in made.items() if title not in twins for reference, path, _, _ in files})
    scores = dict(zip(pairs, pool.imap(score, pairs, chunksize=8)))
    for title, files in made.items():
        found = [scores[one[:2]] for one in made[twins.get(title, title)]]
        yield (title, statistics.mean(found), min(found), statistics.mean(size for _, _, size, _ in files) / 1024,
               statistics.mean(time for _, _, _, time in files))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dump", required=True)
    parser.add_argument("--corpus", type=pathlib.Path, required=True)
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 1280])
    parser.add_argument("--scratch", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    missing = [name for name in PICTURES if not (arguments.corpus / name).is_file()]
    if missing:
        sys.exit(f"no {', '.join(missing)} in {arguments.corpus}: set CORPUS to the folder with the pictures")
    dump = Dump(arguments.dump)
    print(f"{datetime.date.today()}, {dump.ask('versions')}, Pillow {PIL.__version__}; {len(PICTURES)} pictures")
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for side in arguments.sides:
            print(f"\n| {side} px | mean | worst | KB | CPU ms |\n|---|---|---|---|---|")
            for title, mean, worst, size, time in measure(dump, arguments.corpus, side, arguments.scratch, pool):
                print(f"| {title} | {mean:.1f} | {worst:.1f} | {size:.1f} | {time:.1f} |", flush=True)


if __name__ == "__main__":
    main()
