"""An API and its storage host in one, some of whose answers kill the process that asks for them."""

import json
import threading
import time
import urllib.parse

from . import pictures
from .listening import Handler, Listening, Server

# Seconds that a good picture takes, so that some are in hand whenever the process dies.
SLOWNESS = 0.15


class PoisonHost(Listening):
    """A context manager. Addressed by `url`. Items are the ids of tasks and the names of pictures; both may be poison.

    kill: called with the item when a poisonous one is asked for. It ends the process that asks, and says whether there was one.
    """

    def __init__(self, kill):
        self.kill = kill
        self.lock = threading.Lock()
        # Task ids, the oldest first, and when each was listed.
        self.tasks = {}
        self.poison = set()
        # How often a poisonous item has killed, and when: (time, items in hand).
        self.deaths = []
        self.in_hand = {}
        # What was in hand at a death and was not delivered since.
        self.suspects = set()
        # Suspects that were in hand at the same time.
        self.crowds = []
        host = self

        class Asked(Handler):
            timeout = 60

            def do_GET(self):
                host.answer(self, urllib.parse.urlsplit(self.path).path)

            def do_POST(self):
                named = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["task_ids"]
                host.give_tasks(self, named)

        class Patient(Server):
            def handle_error(self, request, address):
                pass  # the other side has died

        self.listen(Asked, Patient)
        self.url = f"http://127.0.0.1:{self.port}"

    def list_task(self, name):
        with self.lock:
            self.tasks[name] = time.time()

    @staticmethod
    def picture(task):
        return pictures.png(f"poison {task}")

    # Answers

    def answer(self, handler, path):
        if path == "/v1/tasks":
            with self.lock:
                rows = [self.row(task) for task in sorted(self.tasks, key=self.tasks.get, reverse=True)]
            return self.say(handler, {"data": rows, "total": len(rows)})
        if path.startswith("/v1/tasks/"):
            return self.give_tasks(handler, [path[10:]], alone=True)
        task = path.removeprefix("/files/").removesuffix(".png")
        if task not in self.tasks:
            return self.say(handler, {"error": {"code": "not_found"}}, 404)
        number = self.take(f"{task} #0")
        if number is None:
            return None
        time.sleep(SLOWNESS)
        body = self.picture(task)
        self.deliver(number, f"{task} #0")
        return self.send(handler, 200, "image/png", body)

    def give_tasks(self, handler, named, alone=False):
        known = [task for task in named if task in self.tasks]
        number = self.take(*known)
        if number is None:
            return None
        rows = [self.row(task) for task in known]
        self.deliver(number, *known)
        if alone and not rows:
            return self.say(handler, {"error": {"code": "not_found"}}, 404)
        return self.say(handler, rows[0] if alone else {"data": rows})

    def row(self, task):
        return {"id": task, "created": int(self.tasks[task]), "type": "image", "status": "completed", "progress": 100,
                "model": "gpt-image-2-beta", "results": [f"{self.url}/files/{task}.png"]}

    def say(self, handler, value, status=200):
        self.send(handler, status, "application/json", json.dumps(value).encode())

    @staticmethod
    def send(handler, status, kind, body):
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    # What is in hand

    def take(self, *items):
        """Returns the number of deaths so far; `None` when one of the items has just killed who asked."""
        with self.lock:
            number = len(self.deaths)
            for item in items:
                self.in_hand[item] = number
            # Tasks that are read together were never in hand at a death; an output and a task may be.
            for is_output in (False, True):
                crowd = sorted(item for item in self.in_hand if item in self.suspects and item.endswith("#0") == is_output)
                if len(crowd) > 1:
                    self.crowds.append(crowd)
            deadly = sorted(self.poison.intersection(items))
            if not deadly or not self.kill(deadly[0]):
                return number
            self.deaths.append((time.monotonic(), deadly[0], sorted(self.in_hand)))
            self.suspects.update(self.in_hand)
            self.in_hand.clear()
            return None

    def deliver(self, number, *items):
        """An answer leaves for a process that lives. Told before it leaves: the next question may come faster than this thread goes on."""
        with self.lock:
            if number == len(self.deaths):
                for item in items:
                    self.in_hand.pop(item, None)
                self.suspects.difference_update(items)
