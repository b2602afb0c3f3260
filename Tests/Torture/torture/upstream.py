"""The simulated API, and what it really has to give, asked for by a client that shares nothing with the program."""

import http.client
import json
import re
import subprocess
import threading
import time
import urllib.parse

from .program import PATIENCE, environment

# More often than any fault of the simulator comes again.
STUBBORN_TRIES = 6


class Upstream:
    """`fixative simulate` in a process of its own. A context manager."""

    def __init__(self, binary, tasks=24, faults="none", seed=1, images=None):
        line = [binary, "simulate", "--port", "0", "--tasks", str(tasks), "--faults", faults, "--seed", str(seed)]
        if images:
            line += ["--images", images]
        self.process = subprocess.Popen(
            line, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.url = None
        for text in self.process.stderr:
            found = re.search(r"listens on (http://\S+?),", text)
            if found:
                self.url = found.group(1)
                break
        if self.url is None:
            raise RuntimeError("the simulator did not start")
        # Whatever else it says must not fill the pipe.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    # What it has to give

    def tasks(self):
        """The ids of all tasks of the account."""
        ids, number = set(), 1
        while True:
            page = self._call(f"/v1/tasks?type=image&page={number}&page_size=50")
            if not page["data"]:
                return sorted(ids)
            ids.update(row["id"] for row in page["data"])
            number += 1

    def answer(self, task):
        """What the account says of a task; None when it does not know it."""
        return self._call(f"/v1/tasks/{task}", missing=True)

    def truth(self, task):
        """What a patient client gets of a task: None when the task is unknown, else one entry for each of its results: its
        bytes, or None when it can't be had."""
        answer = self.answer(task)
        if answer is None:
            return None
        return [self._download(task, index, link) for index, link in enumerate(links_of(answer))]

    def _download(self, task, index, link):
        found = None
        for _ in range(STUBBORN_TRIES):
            status, body = self._follow(link)
            if status in (403, 404, 410):
                link = links_of(self._call(f"/v1/tasks/{task}"))[index]
            # The last try counts: by then all passing faults are over.
            found = body if status == 200 else None
        return found

    def _follow(self, link):
        for _ in range(8):
            try:
                status, headers, body = self._get(link, {})
            except (OSError, http.client.HTTPException):
                return 0, b""
            if status not in (301, 302, 303, 307, 308):
                return status, body
            link = urllib.parse.urljoin(link, headers["location"])
        return 0, b""

    def _call(self, path, missing=False):
        unknown = 0
        for _ in range(60):
            try:
                status, _, body = self._get(self.url + path, {"Authorization": "Bearer torture"})
                if status == 200:
                    answer = json.loads(body)
                    if isinstance(answer, dict):
                        return answer
                unknown += status == 404
            except (OSError, ValueError, http.client.HTTPException):
                pass
            if missing and unknown >= 3:
                return None
            time.sleep(0.05)
        raise RuntimeError(f"{path} can't be read from the simulator")

    def _get(self, url, headers):
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
        try:
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers={"User-Agent": "torture/1", "Accept-Encoding": "identity", **headers})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


def links_of(answer):
    """The links of a task's answer, which stand in one of two places."""
    data = answer.get("result_data") or []
    return answer.get("results") or [item["image_url"] for item in (data if isinstance(data, list) else [data])]


def is_whole_picture(data):
    """Whether bytes are a PNG, JPEG or WebP with its end, as far as its frame tells."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data.endswith(b"\0\0\0\0IEND\xaeB`\x82")
    if data.startswith(b"\xff\xd8"):
        return data.endswith(b"\xff\xd9")
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP" and int.from_bytes(data[4:8], "little") + 8 == len(data)
