"""What became of every task, by what the simulator says and what lies in the folder; the program's own word comes second."""

import json
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor

from torture.storage import Storage, check_whole
from torture.upstream import is_whole_picture, links_of

from .callers import CALLER_KEY

READERS = 8


class Judge:
    def __init__(self, upstream, service, plan, tally):
        self.upstream = upstream
        self.service = service
        self.plan = plan
        self.tally = tally
        self.storage = Storage(service.storage)
        self.truth = []
        self.outputs, self.tasks = {}, {}
        # Task ids by what became of them.
        self.archived, self.unavailable, self.lost = [], [], []
        # Unavailable are those that can't be had and therefore wait. Of these, those of which the upstream says that it made pictures.
        self.completed_unavailable = set()

    def judge(self, created):
        self.truth = self.upstream.tasks()
        self.outputs, self.tasks = self.storage.rows()
        for task in set(created).difference(self.truth):
            self.tally.err(f"{task} was created, but the simulator does not list it")
        by_task = {}
        for (task, index), row in self.outputs.items():
            by_task.setdefault(task, {})[index] = row
        with ThreadPoolExecutor(READERS) as pool:
            verdicts = pool.map(lambda task: self.one(task, by_task.get(task, {})), self.truth)
            for task, (kind, reason) in zip(self.truth, verdicts):
                getattr(self, kind).append(task)
                if kind == "lost":
                    self.tally.lose(f"{task}: {reason}")
        self.compare_sample()
        check_whole(self.tally, self.service.binary, self.service.storage, "at the end", untracked_is_fine=True)
        self.audit()
        self.secrets()

    # Task by task

    def one(self, task, outputs):
        """`archived`, `unavailable` or `lost`, and why."""
        row = self.tasks.get(task)
        if row is None:
            return "lost", "it is not in the archive"
        if row["state"] in ("failed", "cancelled", "unavailable"):
            return self.ended(task, row)
        if row["state"] == "waiting" and row["reason"] and not outputs and self.upstream.answer(task) is None:
            return "unavailable", None
        if row["state"] != "resolved" or not outputs:
            return "lost", f"its row says {row['state']}, with {len(outputs)} outputs: {row['reason']}"
        unavailable = False
        for index, output in sorted(outputs.items()):
            if output["state"] == "waiting":
                unavailable = True
                if not output["reason"]:
                    return "lost", f"#{index} waits without a reason"
            elif output["state"] != "archived":
                return "lost", f"#{index} is {output['state']} while its window is open: {output['reason']}"
            elif output["verdict"] == "undecodable":
                return "lost", f"#{index} is undecodable in the archive while its window is open"
            elif flaw := self.storage.flaw((task, index), self.outputs):
                return "lost", f"#{index}: {flaw}"
        if not unavailable:
            return "archived", None
        self.completed_unavailable.add(task)
        return self.confirmed(task, outputs)

    def ended(self, task, row):
        """Without a picture: does the upstream say so too?"""
        if not row["reason"]:
            return "lost", f"it is {row['state']} without a reason"
        answer = self.upstream.answer(task)
        said = "unavailable" if answer is None else answer["status"]
        if said != row["state"]:
            return "lost", f"its state is {row['state']} ({row['reason']}), but the upstream says {said}"
        return "unavailable", None

    def confirmed(self, task, outputs):
        """It still waits: can a patient client have it?"""
        truth = self.upstream.truth(task) or []
        for index, body in enumerate(truth):
            if body is not None and is_whole_picture(body) and outputs.get(index, {}).get("state") != "archived":
                return "lost", f"#{index} waits ({outputs[index]['reason']}), but can be downloaded"
        return "unavailable", None

    def can_be_had(self, task, index):
        """Whether a patient client gets what the service has tried without success: a picture, or for no index a task's results."""
        if index is not None:
            truth = self.upstream.truth(task) or []
            return index < len(truth) and truth[index] is not None and is_whole_picture(truth[index])
        answer = self.upstream.answer(task)
        return answer is not None and (answer["status"] != "completed" or bool(links_of(answer)))

    def compare_sample(self):
        """The bytes of some, against what the simulator serves to another client."""
        archived = set(self.archived)
        chosen = sorted(output for output in self.outputs if output[0] in archived)
        chosen = random.Random(self.plan.seed).sample(chosen, min(self.plan.sample, len(chosen)))
        with ThreadPoolExecutor(2) as pool:
            for output, flaw in zip(chosen, pool.map(self.difference, chosen)):
                if flaw:
                    self.lost.append(output[0])
                    self.archived.remove(output[0])
                    self.tally.lose(f"{output[0]} #{output[1]}: {flaw}")
        self.tally.count("originals compared", len(chosen))

    def difference(self, output):
        truth = self.upstream.truth(output[0])
        body = truth[output[1]] if truth and len(truth) > output[1] else None
        if body is None:
            return None
        row = self.outputs[output]
        with open(self.storage.blob(row["digest"]), "rb") as file:
            stored = file.read()
        return None if stored == body else f"its {len(stored)} bytes differ from the {len(body)} bytes of the upstream"

    # The program's own word

    def audit(self):
        """`audit --against-account` must say the same; it looks at tasks of which the account says that they are completed."""
        said = self.service.verb("audit", "--against-account", "--format", "json")
        if said.code not in (0, 1):
            return self.tally.err(f"audit --against-account: {said}")
        answer = json.loads(said.out)
        gone = {item["taskId"] for item in answer["missing"] + answer["lost"]}
        vanished = {task for task in self.unavailable if self.tasks[task]["state"] == "waiting"}
        # A vanished task stands in the account's list for what it was before: completed, or without a picture.
        if not self.completed_unavailable <= gone <= self.completed_unavailable | vanished:
            self.tally.err(f"audit and our count differ for {sorted(gone ^ self.completed_unavailable)[:10]}")
        for what, here, there in [
            ("listed tasks", len(self.truth), answer["listed"]), ("archived tasks", len(self.archived), answer["archived"]),
            ("tasks under way", 0, answer["underWay"]), ("unlisted", [], answer["unlisted"]), ("stable", True, answer["isStable"]),
            ("unreadable rows", 0, answer["unreadable"]), ("exit code", 1 if gone else 0, said.code),
        ]:
            if here != there:
                self.tally.err(f"audit --against-account, {what}: audit says {there}, our count is {here}")
        return None

    def secrets(self):
        """No key, token or signature of a link in the log or any file of the archive."""
        service = self.service
        patterns = [service.key, service.admin_token, service.hook_secret, service.gateway_token, CALLER_KEY, service.notify_secret, "&sig=", "%26sig%3D", "\\u0026sig"]
        for path in (service.log, service.storage):
            line = ["grep", "-rlaF"] + [part for pattern in patterns for part in ("-e", pattern)] + [path]
            found = subprocess.run(line, capture_output=True, text=True, check=False)
            if found.returncode != 1:
                self.tally.err(f"a key, a token or a link's signature is in {found.stdout.split()[:5]} {found.stderr}")
