"""`fixative run`, started, stopped and killed, always at the same address."""

import base64
import http.client
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import threading
import time

from torture.program import PATIENCE, Finished, environment

# What is promised for a stop, in seconds.
STOP_LIMIT = 10
# How long a start may take on a busy machine.
START_LIMIT = 60


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Service:
    def __init__(self, binary, folder, upstream, notify, plan, tally):
        self.binary = binary
        self.storage = os.path.join(folder, "storage")
        self.log = os.path.join(folder, "service.log")
        self.notify = notify
        self.plan = plan
        self.tally = tally
        self.port = free_port()
        self.key = f"sk-soak-{secrets.token_hex(16)}"
        self.hook_secret = f"hook-{secrets.token_hex(16)}"
        self.admin_token = f"admin-{secrets.token_hex(16)}"
        self.gateway_token = f"gateway-{secrets.token_hex(16)}"
        self.notify_secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        self.environment = {
            **environment(plan.lease), "FIXATIVE_API_KEY": self.key, "FIXATIVE_HOOK_SECRET": self.hook_secret,
            "FIXATIVE_ADMIN_TOKEN": self.admin_token, "FIXATIVE_GATEWAY_TOKEN": self.gateway_token, "FIXATIVE_API_URL": upstream,
            "FIXATIVE_ALLOW_PRIVATE_HOSTS": "true", "FIXATIVE_NOTIFY_SECRET": self.notify_secret,
        }
        self.process = None
        # Held while it is started and ended; whoever sees `since` knows that the process should answer.
        self.lock = threading.Lock()
        self.since = None
        # Says whether the API is out of order.
        self.is_blind = lambda: False
        self.starts = []
        self.stops = []
        self.kills = 0

    def start(self):
        line = [self.binary, "run", "--listen", f"127.0.0.1:{self.port}", "--sweep-interval", str(self.plan.sweep_interval),
                "--notify-url", self.notify, "--storage", self.storage, "-v"]
        with self.lock:
            began = time.monotonic()
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(
                    line, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
            while not self._answers():
                if self.process.poll() is not None:
                    raise RuntimeError(f"the service ended during its start with code {self.process.returncode}; see {self.log}")
                if time.monotonic() - began > START_LIMIT:
                    raise RuntimeError(f"the service does not answer {START_LIMIT} s after its start; see {self.log}")
                time.sleep(0.05)
            self.starts.append(time.monotonic() - began)
            self.since = time.monotonic()

    def stop(self):
        """SIGTERM: everything on its way is finished or put back, in time and with code 0."""
        is_blind = self.is_blind()
        with self.lock:
            self.since = None
            began = time.monotonic()
            self.process.send_signal(signal.SIGTERM)
            try:
                code = self.process.wait(timeout=STOP_LIMIT)
            except subprocess.TimeoutExpired:
                self.tally.err(f"SIGTERM: the service still runs after {STOP_LIMIT} s")
                self.process.kill()
                self.process.wait()
                return
            self.stops.append(time.monotonic() - began)
            # A page in place of the API's answer means that the account was perhaps not seen: that ends with 1.
            if code != 0 and not (code == 1 and is_blind):
                self.tally.err(f"SIGTERM: exit code {code}")

    def kill(self):
        with self.lock:
            self.since = None
            self.kills += 1
            self.process.kill()
            self.process.wait()

    def _answers(self):
        try:
            return self.ask("/healthz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def ask(self, path, timeout=5, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def resident_bytes(self):
        """None when the process is gone."""
        try:
            with open(f"/proc/{self.process.pid}/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            return None

    def verb(self, *arguments):
        """Another verb of the program on the same storage."""
        done = subprocess.run(
            [self.binary, *arguments, "--storage", self.storage], env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=PATIENCE)
        return Finished(done.returncode, done.stdout, done.stderr)

    def failing(self):
        """The rows of what waits after a failure; `None` when the program does not say."""
        listed = self.verb("list", "--failing", "--format", "json")
        return json.loads(listed.out) if listed.code in (0, 1) else None

    def waiting(self):
        """How many tasks and outputs wait, how many tasks are known at all, and which of them were tried at least five times."""
        status, failing = self.verb("status", "--format", "json"), self.failing()
        if status.code not in (0, 1) or failing is None:
            return None, 0, set()
        counts = json.loads(status.out)
        queued = sum(counts[kind].get(state, 0) for kind in ("tasks", "outputs") for state in ("waiting", "leased", "held"))
        stubborn = {(row["taskId"], row.get("index")) for row in failing if row["tries"] >= 5}
        return queued, sum(counts["tasks"].values()), stubborn

    def unsent_notices(self):
        database = sqlite3.connect(f"file:{self.storage}/catalog.sqlite?mode=ro", uri=True)
        try:
            return database.execute("SELECT COUNT(*) FROM outbox").fetchone()[0]
        finally:
            database.close()
