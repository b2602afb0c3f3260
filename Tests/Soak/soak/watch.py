"""Looks at the service each second: does it answer, is it ready, how much memory does it hold."""

import http.client
import json
import threading
import time

# Seconds after a start in which memory says nothing.
WARM_UP = 10


class Watch:
    """A context manager."""

    def __init__(self, service, tally):
        self.service = service
        self.tally = tally
        self.began = time.monotonic()
        # (seconds since the beginning, resident bytes)
        self.memory = []
        self.most = 0
        self.problems = set()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def run(self):
        while not self.ended.wait(1):
            since = self.service.since
            if since is None:
                continue
            now = time.monotonic()
            resident = self.service.resident_bytes()
            if resident:
                self.most = max(self.most, resident)
                if now - since > WARM_UP:
                    self.memory.append((now - self.began, resident))
            self.look("/healthz", since)
            self.look("/readyz", since)

    def look(self, path, since):
        try:
            status, body = self.service.ask(path)
            flaw = None if status == 200 else f"it answers {status}: {body[:200]!r}"
        except (OSError, http.client.HTTPException) as error:
            status, body, flaw = 0, b"", repr(error)
        # What fails while it is ended or started again says nothing.
        if self.service.since != since:
            return
        name = path.strip("/")
        self.tally.count(f"{name} {'ok' if flaw is None else 'not ok'}")
        if flaw and path == "/healthz":
            self.tally.err(f"/healthz while the service is up: {flaw}")
        if flaw and path == "/readyz":
            self.problems.update(problems(body) or [flaw])

    def between(self, begin, end):
        """The resident bytes of a part of the run."""
        return [resident for when, resident in self.memory if begin <= when < end]

    def quarters(self, length):
        """The resident bytes of each quarter of the run."""
        samples = [[], [], [], []]
        for when, resident in self.memory:
            if when < length:
                samples[int(4 * when / length)].append(resident)
        return samples


def problems(body):
    try:
        return [str(problem)[:120] for problem in json.loads(body)["problems"]]
    except (ValueError, KeyError, TypeError):
        return None
