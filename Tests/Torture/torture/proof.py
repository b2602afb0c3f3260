"""What all proofs share: where one works, what it counts, and how it ends."""

import os
import random
import shutil
import sys
import tempfile
import threading
import time
import traceback


class Skipped(Exception):
    """A proof that can't be made on this machine."""

    def __init__(self, reason, forbidden=False):
        """forbidden: by the kernel or the container, so that installing something would not help."""
        super().__init__(reason)
        self.forbidden = forbidden


class Setting:
    """One proof on its way: its folder, its dice and its counts."""

    def __init__(self, name, binary, full, seed, rounds=None):
        self.name = name
        self.binary = binary
        self.full = full
        self.wanted_rounds = rounds
        self.random = random.Random(f"{seed}:{name}")
        self.folder = tempfile.mkdtemp(prefix=f"fixative-{name}-")
        self.rounds = 0
        self.lost = 0
        self.wrong = 0
        self.lock = threading.Lock()

    def choose(self, full, bounded):
        """How many rounds there are."""
        return self.wanted_rounds or (full if self.full else bounded)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def note(self, text):
        print(f"  {text}", flush=True)

    def count_round(self):
        with self.lock:
            self.rounds += 1

    def lose(self, text):
        """Something that was acknowledged, or that could be had, is not there."""
        with self.lock:
            self.lost += 1
        self.note(f"LOST  {text}")

    def err(self, text):
        """Anything else that is not as promised."""
        with self.lock:
            self.wrong += 1
        self.note(f"WRONG {text}")


def perform(setting, prove):
    """Makes a proof, prints its last line, and says whether it holds. The folder of one that fell stays for a look."""
    print(f"{setting.name}: {'full' if setting.full else 'bounded'}", flush=True)
    began = time.monotonic()
    ending = "pass"
    try:
        prove(setting)
        if setting.rounds == 0:
            setting.err("no round was completed")
    except Skipped as reason:
        ending = "skipped"
        print(f"  skipped: {reason}", flush=True)
        if os.environ.get("CI") == "true" and not reason.forbidden:
            setting.err("a tool is missing on CI; install it")
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        setting.err("the proof itself ended with an error")
    if setting.lost or setting.wrong:
        ending = "fall"
    if ending == "fall":
        setting.note(f"the files of this proof: {setting.folder}")
    else:
        shutil.rmtree(setting.folder, ignore_errors=True)
    setting.note(f"{time.monotonic() - began:.0f} s")
    print(f"proof {setting.name} rounds {setting.rounds} lost {setting.lost} wrong {setting.wrong} {ending}", flush=True)
    return ending != "fall"
