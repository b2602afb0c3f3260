"""Takes the service's notifications, and holds them against what became of each output."""

import datetime
import json
import threading

from torture.listening import Handler, Listening

# A failure is told after so many seconds.
TIME_BEFORE_TELLING = 600
# The clocks of the service and of this process are the same; a task's creation is noted when its answer has come.
TOLERANCE = 2


class Notices(Listening):
    """A context manager. Addressed by `url`."""

    def __init__(self):
        self.lock = threading.Lock()
        # By type, then by task and place: when it happened, and what was told.
        self.told = {}
        notices = self

        class Told(Handler):
            def do_POST(self):
                notices.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

        self.listen(Told)
        self.url = f"http://127.0.0.1:{self.port}/notices"

    def take(self, notice):
        when = datetime.datetime.fromisoformat(notice["timestamp"].replace("Z", "+00:00")).timestamp()
        data = notice["data"]
        with self.lock:
            self.told.setdefault(notice["type"], {}).setdefault((data["taskId"], data.get("index")), (when, data))

    def of(self, kind):
        with self.lock:
            return dict(self.told.get(kind, {}))


def check_notices(notices, created, judge, plan, tally):
    """What fails is told after ten minutes and no sooner, what recovers is told once, and nothing is told as lost."""
    for kind, recovery in [("output.failing", "output.recovered"), ("task.failing", "task.recovered")]:
        failing, recovered = notices.of(kind), notices.of(recovery)
        for key, (when, data) in failing.items():
            since = created.get(key[0])
            if data.get("cause") == "ours":
                tally.err(f"{kind} names this machine as the cause for {key}: {data.get('reason')}")
            elif since and when - since < TIME_BEFORE_TELLING - TOLERANCE:
                tally.err(f"{kind} of {key} came {when - since:.0f} s after the task's creation")
            ended = (judge.outputs.get(key, {}).get("state") == "archived" if key[1] is not None
                     else judge.tasks.get(key[0], {}).get("state") == "resolved")
            if ended != (key in recovered):
                tally.err(f"{kind} of {key}, which {'ended well' if ended else 'still fails'}: {recovery} "
                          f"{'came' if key in recovered else 'did not come'}")
        for key in recovered.keys() - failing.keys():
            tally.err(f"{recovery} of {key} without an earlier {kind}")
        tally.count(f"notices {kind}", len(failing))
        tally.count(f"notices {recovery}", len(recovered))
    for kind in ("output.unavailable", "output.at_risk", "task.at_risk"):
        if told := notices.of(kind):
            tally.err(f"{kind} of {sorted(told, key=str)[:5]} while the window is open")
    if plan.storage_outage.length > TIME_BEFORE_TELLING and not notices.of("output.recovered"):
        tally.err("no picture had output.failing and later output.recovered")
