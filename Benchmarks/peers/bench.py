"""Takes turns between Fixative, libvips, Pillow and libpng on the main job, and compares medians of CPU time."""

import argparse
import hashlib
import io
import os
import pathlib
import statistics
import subprocess
import sys
import time

# libvips reads this when it is loaded. One worker; what its threads use is counted all the same.
os.environ["VIPS_CONCURRENCY"] = "1"

import PIL.Image
import pyvips

pyvips.cache_set_max(0)

DELIVERIES = [
    "boots-1254x1254.png",
    "chair-1254x1254.png",
    "dining-1254x1254.png",
    "jacket-1024x1536.png",
    "sweater-1122x1402.png",
    "tea-1672x941.png",
]
OTHERS = [
    ("4k", "collage-3840x2160.png"),
    ("jpeg", "dining-1254x1254.jpg"),
    ("progressive", "tea-1672x941-progressive.jpg"),
    ("webp-lossy", "sweater-1122x1402.webp"),
    ("webp-lossless", "boots-1254x1254-lossless.webp"),
]
SIDES = [512, 1280]


class Ours:
    def __init__(self, path):
        self.path = path
        self.process = self.start()

    def start(self):
        return subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words, process=None):
        process = process or self.process
        process.stdin.write(" ".join(map(str, words)) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline().strip()
        if not answer or answer.startswith("error"):
            sys.exit(f"imaging-bench: {' '.join(map(str, words))}: {answer or 'no answer'}")
        return answer

    def ask_fresh(self, *words):
        process = self.start()
        answer = self.ask(*words, process=process)
        process.stdin.close()
        process.wait()
        return answer


def vips_decode(data):
    return pyvips.Image.new_from_buffer(data, "", fail_on="error", access="sequential").copy_memory()


def vips_job(data, linear):
    hashlib.sha256(data).digest()
    image = vips_decode(data)
    made = []
    for side in SIDES:
        # A picture that is small enough is not sent through the resizer, as in our own job.
        small = image
        if max(image.width, image.height) > side:
            small = image.thumbnail_image(side, height=side, size="down", linear=linear)
        made.append(small.jpegsave_buffer(Q=82, subsample_mode="off"))
    return made


def pillow_job(data):
    hashlib.sha256(data).digest()
    image = PIL.Image.open(io.BytesIO(data)).convert("RGB")
    made = []
    for side in SIDES:
        scale = side / max(image.size)
        size = [max(1, int(length * scale + 0.5)) for length in image.size]
        small = image if scale >= 1 else image.resize(size, PIL.Image.Resampling.LANCZOS)
        target = io.BytesIO()
        small.save(target, "JPEG", quality=82, subsampling=0)
        made.append(target.getvalue())
    return made


def cpu_milliseconds(function, *arguments):
    start = time.process_time()
    function(*arguments)
    return (time.process_time() - start) * 1000


def check_sizes(name, data, ours, path, scratch):
    ours.ask("save", path, scratch)
    made = {
        "ours": [(scratch / str(side)).read_bytes() for side in SIDES],
        "libvips linear": vips_job(data, True),
        "libvips gamma": vips_job(data, False),
        "Pillow": pillow_job(data),
    }
    sizes = {who: [PIL.Image.open(io.BytesIO(one)).size for one in files] for who, files in made.items()}
    if len(set(map(str, sizes.values()))) != 1:
        sys.exit(f"{name}: the outputs differ in size: {sizes}")


def measure(pictures, ours, rounds):
    """Median CPU milliseconds of (contestant, picture), all contestants taking turns in each round."""
    times = {}
    for _ in range(rounds):
        for name, (path, data) in pictures.items():
            def note(contestant, value):
                times.setdefault((contestant, name), []).append(value)

            note("ours", float(ours.ask("job", path)))
            note("libvips linear", cpu_milliseconds(vips_job, data, True))
            note("libvips gamma", cpu_milliseconds(vips_job, data, False))
            note("Pillow gamma", cpu_milliseconds(pillow_job, data))
            note("ours decode", float(ours.ask("decode", path)))
            note("libvips decode", cpu_milliseconds(vips_decode, data))
            if name.endswith(".png"):
                note("libpng decode", float(ours.ask("libpng", path)))
    return {key: statistics.median(values) for key, values in times.items()}


def print_table(pictures, medians):
    contestants = list(dict.fromkeys(contestant for contestant, _ in medians))
    width = max(map(len, pictures)) + 2
    print("CPU milliseconds a picture (median)".ljust(width) + "".join(one.rjust(16) for one in contestants))
    for name in pictures:
        cells = [f"{medians[one, name]:.1f}" if (one, name) in medians else "-" for one in contestants]
        print(name.ljust(width) + "".join(cell.rjust(16) for cell in cells))
    print()


class Targets:
    def __init__(self):
        self.lines = []

    def at_least(self, name, ratio, goal):
        self.lines.append((name, ratio, goal, ratio >= goal))

    def at_most(self, name, ratio, goal):
        self.lines.append((name, ratio, goal, ratio <= goal))

    def print(self):
        for name, ratio, goal, passes in self.lines:
            print(f"target {name} ratio {ratio:.2f} goal {goal:.2f} {'pass' if passes else 'fall'}")


def judge(medians, deliveries, others, ours):
    def total(contestant):
        return sum(medians[contestant, name] for name in deliveries)

    targets = Targets()
    targets.at_least("job-against-libvips-linear", total("libvips linear") / total("ours"), 3)
    targets.at_least("job-against-libvips-gamma", total("libvips gamma") / total("ours"), 1)
    targets.at_least("decode-against-libpng", total("libpng decode") / total("ours decode"), 2.5)
    targets.at_least("decode-against-libvips", total("libvips decode") / total("ours decode"), 1)
    for label, (path, _) in others:
        targets.at_least(f"{label}-against-libvips", medians["libvips linear", path.name] / medians["ours", path.name], 1)
    return targets


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ours", required=True)
    parser.add_argument("--corpus", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--scratch", type=pathlib.Path, required=True)
    arguments = parser.parse_args()

    names = DELIVERIES + [name for _, name in OTHERS]
    missing = [name for name in names if not (arguments.corpus / name).is_file()]
    if missing:
        sys.exit(f"no {', '.join(missing)} in {arguments.corpus}: set CORPUS to the folder with the pictures")
    pictures = {name: (arguments.corpus / name, (arguments.corpus / name).read_bytes()) for name in names}
    ours = Ours(arguments.ours)
    for name, (path, data) in pictures.items():
        check_sizes(name, data, ours, path, arguments.scratch)
    print(f"libvips {'.'.join(str(pyvips.version(part)) for part in range(3))}, Pillow {PIL.__version__}; all outputs have the same size")

    medians = measure(pictures, ours, arguments.rounds)
    print_table(pictures, medians)
    others = [(label, pictures[name]) for label, name in OTHERS]
    targets = judge(medians, DELIVERIES, others, ours)
    for name in [DELIVERIES[0], OTHERS[0][1]]:
        with PIL.Image.open(pictures[name][0]) as image:
            allowed = image.width * image.height * len(image.getbands()) / 1024 + 16 * 1024
        used = int(ours.ask_fresh("memory", pictures[name][0]))
        targets.at_most(f"memory-{name.split('-')[0]}", used / allowed, 1)
    one, two = map(float, ours.ask("throughput", pictures[DELIVERIES[0]][0]).split())
    targets.at_least("two-cores", two / one, 1.9)
    targets.print()


if __name__ == "__main__":
    main()
