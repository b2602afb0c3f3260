"""Builds the fuzz targets with libFuzzer and AddressSanitizer, runs each for some time, and prints the results.

    fuzz.py --seconds 60 [--jobs 2] [--corpus FOLDER] [TARGET...]

Ends with one line a target: `fuzz NAME executions N seconds N crashes N pass|fall`. A crash is a crash, a leak, a failed check, or more
than 2 s of processor time or 2 GB of memory for one input under 1 MB. Its input is kept, and the command to reproduce it is printed.
Corpora stay in .build/fuzz-corpus, so that the next run continues from them.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / ".build"
# Name of a target: its dictionary and seeds.
TARGETS = {"png": "png", "jpeg": "jpeg", "webp": "webp", "png-differential": "png", "refused": "file", "record": "record", "link": "link"}
SLOWEST_INPUT = 2
LARGEST_INPUT = 1 << 20
OPTIONS = [
    f"-timeout={SLOWEST_INPUT}", "-rss_limit_mb=2048", f"-max_len={LARGEST_INPUT}", "-detect_leaks=1", "-print_final_stats=1",
    "-reload=0",
]
ENVIRONMENT = {
    # Large requests may fail, as they may in the wild; the decoders have to say so.
    "ASAN_OPTIONS": "allocator_may_return_null=1:quarantine_size_mb=32:detect_leaks=1",
    # libFuzzer reports a trap itself, with the input; Swift's own handler would be there first.
    "SWIFT_BACKTRACE": "enable=no",
}
# Undefined behaviour of our C traps. `-g` names the lines.
FLAGS = [
    *["-Xswiftc", "-sanitize=fuzzer,address", "-Xswiftc", "-g"],
    *["-Xcc", "-fsanitize=fuzzer-no-link,address,undefined", "-Xcc", "-fsanitize-trap=undefined", "-Xcc", "-g"],
]


def build():
    command = ["swift", "build", "--package-path", HERE, "--scratch-path", BUILD / "fuzz", "-c", "release", *FLAGS]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\nfuzz: the build of the targets failed")
    return BUILD / "fuzz" / "release"


class Run:
    """One target's share of the time. libFuzzer ends at the first finding; a false one is noted and the run goes on."""

    def __init__(self, name, binaries, seconds):
        self.name, self.seconds = name, seconds
        self.program = binaries / f"fuzz-{name}"
        self.log = BUILD / "fuzz-logs" / f"{name}.log"
        self.corpus = BUILD / "fuzz-corpus" / name
        self.findings = BUILD / "fuzz-findings"
        for folder in (self.log.parent, self.corpus, self.findings):
            folder.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self.executions = 0
        self.elapsed = 0.0
        self.finding = None

    def fuzz(self):
        while self.finding is None and self.elapsed < self.seconds - 1:
            begun = time.monotonic()
            text, status = self.fuzz_once(int(self.seconds - self.elapsed))
            self.elapsed += time.monotonic() - begun
            counted = re.search(r"stat::number_of_executed_units:\s+(\d+)", text)
            self.executions += int(counted.group(1)) if counted else 0
            written = re.search(r"Test unit written to (\S+)", text)
            if status != 0 and not (written and self.was_only_waiting(pathlib.Path(written.group(1)))):
                self.finding = written.group(1) if written else "without an input"

    def fuzz_once(self, seconds):
        kind = TARGETS[self.name]
        start = self.log.stat().st_size
        with self.log.open("ab") as log:
            status = subprocess.run(
                [self.program, f"-max_total_time={max(1, seconds)}", *OPTIONS, f"-dict={HERE / 'dictionaries' / kind}.dict",
                 f"-artifact_prefix={self.findings}/{self.name}-", self.corpus, BUILD / "fuzz-seeds" / kind],
                stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **ENVIRONMENT}).returncode
        return self.log.read_bytes()[start:].decode(errors="replace"), status

    def was_only_waiting(self, finding):
        """libFuzzer's time limit counts the time on the wall, in which a busy machine may do something else."""
        if not finding.name.startswith(f"{self.name}-timeout-"):
            return False
        child = subprocess.Popen([self.program, "-timeout=600", finding], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 env={**os.environ, **ENVIRONMENT})
        # Of this child alone: others end at the same time.
        usage = os.wait4(child.pid, 0)[2]
        used = usage.ru_utime + usage.ru_stime
        print(f"fuzz {self.name}: {finding.name} took {used:.1f} s of processor time", flush=True)
        if used >= SLOWEST_INPUT:
            return False
        finding.unlink()
        return True

    def report(self):
        if self.finding is not None:
            lines = self.log.read_text(errors="replace").splitlines()
            shown = [line for line in lines if not re.match(r"#\d+\s|\s*NEW_FUNC|\s*Uses|stat::|\"", line)]
            print("\n".join(line[:240] for line in shown[-60:]))
            options = " ".join(f"{key}={value}" for key, value in ENVIRONMENT.items())
            print(f"fuzz {self.name}: the input is {self.finding}; reproduce it with")
            print(f"    {options} {self.program} {self.finding}")
            print(f"    the whole log: {self.log}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, required=True, help="for each target")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="targets at the same time")
    parser.add_argument("--corpus", type=pathlib.Path, help="a folder with real pictures; the small ones become seeds")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"targets to run, of {', '.join(TARGETS)}; all by default")
    arguments = parser.parse_args()
    unknown = set(arguments.targets) - set(TARGETS)
    if unknown:
        parser.error(f"unknown target {', '.join(sorted(unknown))}")

    binaries = build()
    real = [arguments.corpus] if arguments.corpus and arguments.corpus.is_dir() else []
    subprocess.run([sys.executable, HERE / "seeds.py", BUILD / "fuzz-seeds", *real], check=True, stderr=subprocess.DEVNULL)
    runs = [Run(name, binaries, arguments.seconds) for name in arguments.targets or TARGETS]
    places = threading.Semaphore(max(1, arguments.jobs))

    def take_turn(run):
        with places:
            run.fuzz()

    threads = [threading.Thread(target=take_turn, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for run in runs:
        run.report()
    for run in runs:
        # A target that executed nothing has shown nothing.
        passes = run.finding is None and run.executions > 0
        print(f"fuzz {run.name} executions {run.executions} seconds {run.elapsed:.0f} crashes {int(run.finding is not None)} "
              f"{'pass' if passes else 'fall'}")
    sys.exit(0 if all(run.finding is None and run.executions > 0 for run in runs) else 1)


if __name__ == "__main__":
    main()
