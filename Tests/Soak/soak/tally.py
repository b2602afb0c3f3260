"""What went wrong, and the figures of what went right."""

import math
import threading
from collections import Counter


class Tally:
    """Counted from many threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.lost = 0
        self.wrong = 0
        self.counts = Counter()

    def note(self, text):
        print(f"  {text}", flush=True)

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] += number

    def lose(self, text):
        """A task, or a picture of one, that is neither archived nor listed with a reason that holds."""
        with self.lock:
            self.lost += 1
        self.note(f"LOST  {text}")

    def err(self, text):
        """Anything else that is not as promised."""
        with self.lock:
            self.wrong += 1
        self.note(f"WRONG {text}")


def quantile(values, share):
    """By nearest rank; nan of nothing."""
    values = sorted(values)
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else math.nan


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else math.nan
