"""Builds the copy once, and runs the tests of each mutant."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tree import VARIABLE


@dataclass
class Run:
    passed: bool
    seconds: float
    output: str
    timed_out: bool = False


class Failed(Exception):
    """The tests can't be run."""


def build(source, scratch):
    command = ["swift", "build", "--build-tests", "--package-path", str(source), "--scratch-path", str(scratch)]
    if subprocess.run(command).returncode != 0:
        raise Failed("the copy does not build; see above")


def test_program(scratch):
    found = sorted((scratch / "debug").glob("*PackageTests.xctest"))
    if not found:
        raise Failed(f"there is no test program in {scratch}/debug; run without --no-build")
    return found[0]


def run(program, source, tests, number, limit):
    """Runs the tests that fit a filter, in a folder for temporary files that goes afterwards.

    The test program is started directly: `swift test` allows only one run at a time.
    """
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("FIXATIVE_", "EVOLINK_"))}
    variables |= {VARIABLE: str(number), "SWIFT_BACKTRACE": "enable=no"}
    if number == 0:
        del variables[VARIABLE]
    # Sockets have short paths, so the folder has one too.
    folder = tempfile.mkdtemp(prefix="mutant-", dir="/tmp")
    begun = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [str(program), "--testing-library", "swift-testing", "--filter", tests], cwd=source, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, env=variables | {"TMPDIR": folder}, start_new_session=True)
        timed_out = False
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            timed_out, code = True, 1
        finally:
            end_session(process)
        output.seek(0)
        text = output.read().decode(errors="replace")
    shutil.rmtree(folder, ignore_errors=True)
    return Run(code == 0, time.monotonic() - begun, text, timed_out)


def end_session(process):
    """Ends the tests and every program that they have started: all of them stay in one session."""
    for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
        try:
            # After the name, which may contain spaces: state, parent, group, session.
            session = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[3])
            if session == process.pid:
                os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError):
            continue
    process.wait()


def count(output):
    """How many tests were run."""
    found = re.findall(r"Test run with (\d+) tests?", output)
    return int(found[-1]) if found else 0


def perform(jobs, work, width=2):
    """Does `work` for each job, first those that may run side by side; `alone` says which may not."""
    together = [job for job in jobs if not job.alone]
    with ThreadPoolExecutor(width) as pool:
        yield from pool.map(work, together)
    yield from map(work, [job for job in jobs if job.alone])


def baseline(program, source, mutants, limit=300):
    """Runs the tests of each filter without a mutant. Returns the seconds that each took."""
    first = {}
    for mutant in mutants:
        first.setdefault(mutant.filter, mutant)
    seconds = {}

    def look(mutant):
        return mutant, run(program, source, mutant.filter, 0, limit)

    for mutant, result in perform(first.values(), look):
        if not result.passed or count(result.output) == 0:
            raise Failed(f"{mutant.tests} does not pass without a mutant:\n{result.output[-4000:]}")
        seconds[mutant.filter] = result.seconds
    return seconds


def limit(seconds):
    """Seconds after which a mutant counts as noticed."""
    return max(20, 4 * seconds + 10)


def results(program, source, mutants, numbers, seconds):
    """Yields each mutant with its run, as they end."""
    def attempt(mutant):
        return mutant, run(program, source, mutant.filter, numbers[mutant.id], limit(seconds[mutant.filter]))

    yield from perform(mutants, attempt)


def prepared(scratch):
    scratch = pathlib.Path(scratch)
    scratch.mkdir(parents=True, exist_ok=True)
    return scratch.resolve()
