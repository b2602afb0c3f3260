"""The account's users: tasks at a steady rate, a third through the service, a third with a callback, a third with neither."""

import http.client
import json
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

# More often than any fault of the simulator comes again.
TRIES = 12
# All of one price, so that an account's credits last for 80 minutes.
SIZES = [("auto", None), ("1:1", "1K"), ("16:9", "1K"), ("9:16", "1K"), ("4:3", "1K"), ("3:4", "1K")]
CALLER_KEY = "sk-caller-never-to-be-seen"


class Callers:
    def __init__(self, upstream, service, hooks, plan, tally):
        self.upstream = upstream
        self.service = f"http://127.0.0.1:{service.port}"
        self.gateway_token = service.gateway_token
        self.hooks = hooks
        self.plan = plan
        self.tally = tally
        # When each task was created, by its id; which of them the gateway answered.
        self.created = {}
        self.through = set()
        self.gateway_seconds = []

    def run(self, until):
        """Creates tasks until then, by the monotonic clock; returns when all of them are answered."""
        began, number = time.monotonic(), 0
        with ThreadPoolExecutor(max_workers=48) as pool:
            while (due := began + number / self.plan.rate) < until:
                time.sleep(max(0, due - time.monotonic()))
                pool.submit(self.create, number)
                number += 1
        return number

    def create(self, number):
        size, resolution = SIZES[number % len(SIZES)]
        body = {"model": "gpt-image-2-beta", "prompt": f"soak picture {number}: a paper boat on a pond", "size": size}
        if resolution:
            body["resolution"] = resolution
        way = number % 3
        if way == 1:
            body["callback_url"] = self.hooks
        key = f"soak-{self.plan.seed}-{number}"
        task = self.through_gateway(body, key) if way == 0 and self.plan.gateway else None
        for _ in range(TRIES):
            if task:
                break
            # The same key gives the task that a lost answer was about.
            task = self.ask(self.upstream, CALLER_KEY, body, key)[1]
            if not task:
                time.sleep(0.2)
        if not task:
            return self.tally.err(f"the simulator did not accept task {number}")
        self.created[task] = time.time()
        return self.tally.count(("tasks by gateway or straight", "tasks with callback", "tasks found by sweep alone")[way])

    def through_gateway(self, body, key):
        """None when the caller has to go straight to the upstream, as when the service is being restarted."""
        for _ in range(TRIES):
            began = time.monotonic()
            status, task = self.ask(self.service, self.gateway_token, body, key)
            if task:
                self.gateway_seconds.append(time.monotonic() - began)
                self.through.add(task)
                self.tally.count("gateway calls answered")
                return task
            if status not in (200, 429, 500, 502, 503):
                break
            # What the upstream does to its callers, the gateway hands on.
            self.tally.count("gateway calls tried again")
            time.sleep(0.2)
        self.tally.count("gateway calls sent to the upstream instead")
        if status:
            self.tally.count(f"gateway answered {status}")
        return None

    def ask(self, base, token, body, key):
        """Status and task id; 0 for no answer, None for no id."""
        parts = urllib.parse.urlsplit(base)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
        try:
            connection.request(
                "POST", "/v1/images/generations", body=json.dumps(body),
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key})
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            return 0, None
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)["id"] if answer.status == 200 else None
        except (ValueError, KeyError, TypeError):
            return answer.status, None
