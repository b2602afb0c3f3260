"""The program under test, run as a user would."""

import os
import re
import subprocess

# How long a process may take before it counts as hanging. Other work may have the processors.
PATIENCE = 1200
# Seconds that a dead process's work waits for the next one, in place of 30.
LEASE = 2

ACKNOWLEDGEMENT = re.compile(r"^archived\s+(\S+) #(\d+):", re.MULTILINE)


def acknowledged(text):
    """The outputs that the program has called archived on stderr: [(task, index)]."""
    return [(task, int(index)) for task, index in ACKNOWLEDGEMENT.findall(text)]


class Finished:
    """What a process has left behind."""

    def __init__(self, code, out, err):
        # The exit code; -N when signal N ended it.
        self.code = code
        self.out = out
        self.err = err

    @property
    def crashed(self):
        return self.code < 0 or self.code > 128

    def __str__(self):
        words = (self.err.strip().splitlines() or ["nothing"])[-1]
        return f"exit code {self.code}, last line: {words[:300]}"


class Program:
    """The binary with one storage folder and one upstream."""

    def __init__(self, binary, storage, api=None, lease=LEASE):
        self.binary = binary
        self.storage = storage
        self.api = api
        self.environment = environment(lease)

    def line(self, verb, *arguments):
        """The command line of a verb."""
        line = [self.binary, verb, *arguments, "--storage", self.storage]
        if verb != "archive":
            return line
        # Faults that pass do so within three tries, a few seconds; what is broken for good waits until its window closes.
        patience = [] if {"--watch", "--patience"} & set(arguments) else ["--patience", "5"]
        return [*line, "--api-url", self.api, "--allow-private-hosts", *patience]

    def start(self, verb, *arguments, out=subprocess.DEVNULL, err=subprocess.DEVNULL):
        return subprocess.Popen(
            self.line(verb, *arguments), env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def run(self, verb, *arguments):
        done = subprocess.run(
            self.line(verb, *arguments), env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=PATIENCE)
        return Finished(done.returncode, done.stdout, done.stderr)


def environment(lease=LEASE):
    """An environment without the settings of whoever runs the proofs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FIXATIVE", "EVOLINK"))}
    kept.update(FIXATIVE_API_KEY="torture", FIXATIVE_LEASE_SECONDS=str(lease), NO_COLOR="1")
    return kept
