"""Items that kill the process whenever it takes them up: all others come home soon, and so do these when the killing ends."""

import http.client
import json
import secrets
import signal
import socket
import subprocess
import threading
import time

from .poison_host import PoisonHost
from .program import Program, environment
from .storage import Storage, check_whole

# Seconds that a dead process's work waits, and in which it is started again; the unit's are 30 and 5.
LEASE, RESTART = 1, 0.5
# Seconds beyond the promised pause after which an item must be tried: a lease, some restarts, and a busy machine.
SLACK = 20
# The longest that a good item may take, and how many deaths it may see of each poisonous one: the first three come soon.
LONGEST, MOST_DEATHS = 25, 3
# A good item comes each second for so long.
ARRIVALS = 15


def pause(deaths):
    """Seconds that an item waits after it was in hand at its n-th death."""
    return 0 if deaths <= 1 else 10 * (deaths - 1) ** 2


class Supervisor:
    """Starts the service again whenever it dies, as systemd does. A context manager."""

    def __init__(self, setting, storage):
        self.setting = setting
        self.binary = setting.binary
        self.storage = storage
        self.host = None
        self.token = f"admin-{secrets.token_hex(8)}"
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.lock = threading.Lock()
        self.process = None
        self.starts = 0
        self.ended = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        with self.lock:
            if self.process and self.process.poll() is None:
                self.process.terminate()
        self.thread.join()

    def run(self):
        line = [self.binary, "run", "--listen", f"127.0.0.1:{self.port}", "--sweep-interval", "1", "--storage", self.storage.path,
                "--api-url", self.host.url, "--allow-private-hosts", "-v"]
        own = {**environment(LEASE), "FIXATIVE_ADMIN_TOKEN": self.token}
        with open(self.setting.path("service.log"), "ab") as log:
            while not self.ended:
                with self.lock:
                    self.process = subprocess.Popen(line, env=own, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
                    self.starts += 1
                code = self.process.wait()
                if code != -signal.SIGKILL and not (self.ended and code == 0):
                    self.setting.err(f"the service ended with {code}")
                time.sleep(RESTART)

    def kill(self, item):
        """SIGKILL, as if the item had done it. Says whether there was anything to kill."""
        with self.lock:
            if self.ended or self.process is None or self.process.poll() is not None:
                return False
            self.process.kill()
            self.process.wait()
            # Nothing writes now: what stands in the catalog was written before the item was taken up.
            self.check_count(item)
            return True

    def check_count(self, item):
        task, _, index = item.partition(" #")
        outputs, tasks = self.storage.rows()
        row = outputs.get((task, int(index))) if index else tasks.get(task)
        before = sum(killer == item for _, killer, _ in self.host.deaths)
        # Being leased is what the next start counts.
        if row is None or row["state"] != "leased" or row["deaths"] < before:
            self.setting.err(f"{item} killed {before} times before, but its row has the state and deaths {row and (row['state'], row['deaths'])}")

    def ask(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


def prove(setting):
    good, outputs, tasks, deaths = (60, 3, 2, 4) if setting.full else (24, 2, 1, 3)
    storage = Storage(setting.path("storage"))
    service = Supervisor(setting, storage)
    with PoisonHost(service.kill) as host:
        service.host = host
        names = [f"good-{number:03}" for number in range(good)]
        poison = {f"deadly-picture-{number}": f"deadly-picture-{number} #0" for number in range(outputs)}
        poison |= {f"deadly-task-{number}": f"deadly-task-{number}" for number in range(tasks)}
        host.poison.update(poison.values())
        listed = names + list(poison)
        setting.random.shuffle(listed)
        for name in listed:
            host.list_task(name)
        with service:
            for number in range(ARRIVALS):
                time.sleep(1)
                names.append(f"late-{number:03}")
                host.list_task(names[-1])
            wait_for_deaths(setting, host, poison.values(), deaths)
            check_shown(setting, service, storage, poison, deaths)
            with host.lock:
                host.poison.clear()
            end = time.monotonic()
            wait_until(lambda: all(is_archived(storage, name) for name in poison), pause(deaths) + pause(deaths + 1) + 3 * SLACK)
            setting.note(f"archived {time.monotonic() - end:.0f} s after the last kill")
        check_good(setting, host, storage, names, MOST_DEATHS * len(poison))
        check_poison(setting, host, storage, poison, deaths)
        check_whole(setting, setting.binary, storage.path, "at the end", untracked_is_fine=True)
        status = Program(setting.binary, storage.path).run("status")
        if status.code != 0:
            setting.err(f"status at the end: {status}\n{status.out}")
        setting.note(f"{service.starts} starts, {len(host.deaths)} deaths, {sum(len(hand) for _, _, hand in host.deaths)} items in progress at these deaths")


def is_archived(storage, task):
    row = storage.rows()[0].get((task, 0))
    return row is not None and row["state"] == "archived"


def wait_until(is_so, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.2)
    return False


def count(host, item):
    with host.lock:
        return sum(killer == item for _, killer, _ in host.deaths)


def wait_for_deaths(setting, host, items, deaths):
    """Until each has killed so often. One that has is left to kill on: its next try comes later than those of the others."""
    limit = sum(pause(number) + SLACK for number in range(1, deaths + 1)) + SLACK * len(items)
    if not wait_until(lambda: min(count(host, item) for item in items) >= deaths, limit):
        setting.err(f"after {limit} s: " + ", ".join(f"{item} tried {count(host, item)} times" for item in items))


def check_shown(setting, service, storage, poison, deaths):
    """That status, list and API name the suspects. The last lease must run out first."""
    if deaths < 3:
        return
    program = Program(service.binary, storage.path)

    def by_verb(verb, *arguments):
        answer = json.loads(program.run(verb, *arguments, "--format", "json").out)
        rows = answer["failing"] if verb == "status" else answer
        return {row["taskId"] for row in rows if row.get("deaths", 0) >= 3 and "ended abnormally" in row["reason"]}

    def by_api():
        shown = set()
        for task, item in poison.items():
            try:
                answer = service.ask(f"/api/outputs/{task}-0")["output"] if "#" in item else service.ask(f"/api/tasks/{task}")
            except (OSError, ValueError, KeyError, http.client.HTTPException):
                continue
            if (answer.get("failing") or {}).get("deaths", 0) >= 3:
                shown.add(task)
        return shown

    for name, look in [("status", lambda: by_verb("status")), ("list --failing", lambda: by_verb("list", "--failing")), ("the API", by_api)]:
        if not wait_until(lambda look=look: look() == set(poison), SLACK):
            setting.err(f"{name} shows the suspects {sorted(look())}, not {sorted(poison)}")


def check_good(setting, host, storage, names, most_deaths):
    rows = storage.rows()[0]
    longest, most = 0, 0
    began = time.time() - time.monotonic()
    for name in names:
        flaw = storage.flaw((name, 0), rows)
        if flaw:
            setting.lose(f"{name}: {flaw}")
            continue
        check_bytes(setting, storage, rows, name)
        row = rows[name, 0]
        since, end = host.tasks[name], row["ended_at"] / 1000
        deaths = sum(since <= when + began <= end for when, _, _ in host.deaths)
        longest, most = max(longest, end - since), max(most, deaths)
        if end - since > LONGEST or deaths > most_deaths:
            setting.err(f"{name} took {end - since:.0f} s and {deaths} deaths")
    setting.note(f"{len(names)} good items, each archived within {longest:.1f} s and {most} deaths")


def check_bytes(setting, storage, rows, name):
    with open(storage.blob(rows[name, 0]["digest"]), "rb") as file:
        if file.read() != PoisonHost.picture(name):
            setting.err(f"{name} differs from the served bytes")


def check_poison(setting, host, storage, poison, deaths):
    rows, tasks = storage.rows()
    for task, item in poison.items():
        kills = count(host, item)
        setting.rounds += kills
        # It may also be in hand when another one kills, and that counts for it too.
        times = [when for when, _, hand in host.deaths if item in hand]
        gaps = [after - before for before, after in zip(times, times[1:])]
        setting.note(f"{item}: {kills} deaths, in progress at {len(times)} deaths, {', '.join(f'{gap:.1f}' for gap in gaps)} s between them")
        for number, gap in enumerate(gaps, 1):
            if not pause(number) <= gap <= pause(number) + SLACK:
                setting.err(f"{item}: {gap:.1f} s between death {number} and the next, not {pause(number)} to {pause(number) + SLACK} s")
        if kills < deaths:
            setting.err(f"{item} has killed {kills} times, not {deaths}")
        flaw = storage.flaw((task, 0), rows)
        if flaw:
            setting.lose(f"{item} after the last kill: {flaw}")
        else:
            check_bytes(setting, storage, rows, task)
        left = (rows.get((task, 0)) or {}).get("deaths"), tasks[task]["deaths"]
        if any(left):
            setting.err(f"{item} still has a count of deaths after it was archived: {left}")
    for crowd in host.crowds[:5]:
        setting.err(f"in progress at the same time, although each was in progress at an earlier death: {crowd}")
