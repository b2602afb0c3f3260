"""An outage of the storage host or the API, in many forms, and what the service says of it meanwhile."""

import http.client
import json
import re
import time

from .doors import forms


class Outages:
    """One outage: its door, and whether what waits behind it can be seen."""

    def __init__(self, outage, door, kind, service, plan, tally):
        self.outage = outage
        self.door = door
        # What fails because of it: `outputs` or `tasks`.
        self.kind = kind
        self.service = service
        self.plan = plan
        self.tally = tally
        # The most that each has shown.
        self.ended = None
        self.seen = {"status": 0, "list --failing": 0, "metrics": 0}

    def run(self, began):
        begin = began + self.outage.begin
        time.sleep(max(0, begin - time.monotonic()))
        slots = max(1, round(self.outage.length / self.outage.slot))
        for number, form in enumerate(forms(self.plan.seed, self.door.name, slots)):
            self.door.form = form
            end = begin + self.outage.length * (number + 1) / slots
            while (left := end - time.monotonic()) > 0:
                if time.monotonic() - begin > 0.3 * self.outage.length and left > 1:
                    self.look()
                time.sleep(min(max(0, end - time.monotonic()), self.outage.slot / 3))
        self.door.form = None
        self.ended = time.monotonic()
        self.tally.note(f"the {self.door.name} was unavailable for {self.outage.length:.0f} s; failing {self.kind} shown, at most: "
                        + ", ".join(f"{name} {count}" for name, count in self.seen.items()))
        for name, count in self.seen.items():
            if count == 0:
                self.tally.err(f"an outage of the {self.door.name}: {name} shows no failure")

    def ended_within(self, seconds):
        return self.ended is not None and time.monotonic() - self.ended < seconds

    def look(self):
        try:
            self.note("status", self.by_status())
            self.note("list --failing", self.by_list())
            self.note("metrics", self.by_metrics())
        except (OSError, http.client.HTTPException):
            pass  # it is being started again

    def note(self, name, count):
        self.seen[name] = max(self.seen[name], count)

    def by_status(self):
        status = self.service.verb("status", "--format", "json")
        if status.code not in (0, 1):
            self.tally.err(f"status during an outage: {status}")
            return 0
        answer = json.loads(status.out)
        failing = sum(answer["failingCount"].values())
        if failing and (status.code != 1 or not all(row["reason"] for row in answer["failing"])):
            self.tally.err(f"status with {failing} failing: exit code {status.code}, {answer['failing'][:2]}")
        return failing

    def by_list(self):
        rows = self.service.failing()
        if rows is None:
            self.tally.err("list --failing does not work during an outage")
            return 0
        rows = [row for row in rows if ("index" in row) == (self.kind == "outputs")]
        for row in rows:
            if not row["reason"] or row["cause"] == "ours":
                self.tally.err(f"an outage of the {self.door.name} is reported as {row}")
        return len(rows)

    def by_metrics(self):
        status, text = self.service.ask("/metrics", headers={"Authorization": f"Bearer {self.service.admin_token}"})
        if status != 200:
            return 0
        found = re.findall(rf"^fixative_failing_{self.kind}\{{[^}}]*\}} ([0-9.]+)", text.decode(), re.MULTILINE)
        return int(sum(float(number) for number in found))
