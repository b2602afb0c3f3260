#!/usr/bin/env python3
"""Notifications of the service, taken by a receiver that fails first and verifies each with the package of Standard Webhooks.

    test_notifications.py PROGRAM

Exits with 1 when a check fails.
"""
import http.server, json, os, sqlite3, subprocess, sys, tempfile, threading, time
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from service import service, upstream

program = os.path.abspath(sys.argv[1])
failures = []
OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def check(is_true, what):
    if not is_true:
        failures.append(what)
        print(f"  FAILED: {what}")


class Receiver:
    """Takes what comes; refuses the first `failing` requests."""

    def __init__(self, failing=0):
        self.failing = failing
        self.refused, self.taken = [], []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_refused = len(receiver.refused) < receiver.failing
                (receiver.refused if is_refused else receiver.taken).append((dict(self.headers), body, self.path))
                self.send_response(503 if is_refused else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?token=s3cr3t-token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, is_done, seconds=60):
        end = time.monotonic() + seconds
        while not is_done() and time.monotonic() < end:
            time.sleep(0.05)
        return is_done()

    def ids(self):
        return {headers["webhook-id"] for headers, _, _ in self.taken}


def waiting(storage):
    return sqlite3.connect(f"file:{storage}/catalog.sqlite?mode=ro", uri=True).execute("SELECT COUNT(*) FROM outbox").fetchone()[0]


def ended(storage):
    rows = sqlite3.connect(f"file:{storage}/catalog.sqlite?mode=ro", uri=True).execute(
        "SELECT task.id || '-' || idx, output.state, verdict, digest FROM output JOIN task ON task.key = output.task"
        " WHERE output.state IN ('archived', 'unavailable')").fetchall()
    return {name: (state, verdict, digest) for name, state, verdict, digest in rows}


with tempfile.TemporaryDirectory() as work, upstream(program, "--tasks", "8", "--faults", "real") as source:
    storage = f"{work}/storage"
    secrets = {"FIXATIVE_NOTIFY_SECRET": f"{OLD}, {NEW}"}
    print("an unreachable receiver")
    with service(program, storage, source, "--notify-url", "http://127.0.0.1:9/hook?token=s3cr3t-token", **secrets) as (running, _):
        running.wait_for(r"archived +\S+", times=8)
        first = running
    count = waiting(storage)
    check(count >= 8, f"{count} notifications wait")
    check("s3cr3t" not in first.said() and "whsec" not in first.said(), "a secret is in the log")

    print("a receiver that refuses at first, after a restart")
    receiver = Receiver(failing=3)
    # What was tried in vain waits up to five minutes by now.
    with sqlite3.connect(f"{storage}/catalog.sqlite") as database:
        database.execute("UPDATE outbox SET due_at = 0, attempts = 0, mark = 0")
    with service(program, storage, source, "--notify-url", receiver.url, **secrets) as (running, _):
        check(receiver.wait_for(lambda: waiting(storage) == 0), f"{waiting(storage)} still wait")
        said = running
    known = ended(storage)
    check(len(receiver.refused) == 3 and len(receiver.taken) == count, f"{len(receiver.taken)} of {count} arrived")
    check({h["webhook-id"] for h, _, _ in receiver.refused} <= receiver.ids(), "a refused notification was not sent again")
    check(len(receiver.ids()) == len(receiver.taken), "an accepted notification was sent again")
    names = set()
    for headers, body, path in receiver.taken:
        check(path == "/hook?token=s3cr3t-token", path)
        for secret in (OLD, NEW):
            message = Webhook(secret).verify(body, headers)
        try:
            Webhook("whsec_" + "A" * 32).verify(body, headers)
            check(False, "a wrong secret verifies the signature")
        except WebhookVerificationError:
            pass
        check(set(message) == {"type", "timestamp", "data"}, f"{set(message)}")
        data = message["data"]
        names.add(data["name"])
        state, verdict, digest = known[data["name"]]
        is_clean = verdict in ("exact", "accepted", "unrequested", "unread")
        wanted = "output.unavailable" if state == "unavailable" else "output.archived" if is_clean else "output.mismatch"
        check(message["type"] == wanted, f"{data['name']} has the type {message['type']}, not {wanted}")
        check((data.get("verdict"), (data.get("delivered") or {}).get("sha256")) == (verdict, digest), f"{data}")
        check(b"http" not in body and b"sig=" not in body and b"sk-never" not in body, f"{body}")
    check(names == set(known), "some ended outputs have no notification")
    check("s3cr3t" not in said.said() and "whsec" not in said.said(), "a secret is in the log")

    print("unusable settings")
    for address, secret, words in [
        ("http://127.0.0.1:9/", "", "FIXATIVE_NOTIFY_SECRET"), ("http://127.0.0.1:9/", "whsec_c2hvcnQ=", "FIXATIVE_NOTIFY_SECRET"),
        ("ftp://127.0.0.1/s3cr3t", OLD, "--notify-url"),
    ]:
        done = subprocess.run(
            [program, "run", "--listen", "127.0.0.1:0", "--storage", storage, "--notify-url", address], capture_output=True,
            text=True, timeout=30, env={**os.environ, "FIXATIVE_API_KEY": "k", "FIXATIVE_NOTIFY_SECRET": secret})
        check(done.returncode == 2 and words in done.stderr, f"{done.returncode}: {done.stderr}")
        check("s3cr3t" not in done.stderr and "c2hvcnQ" not in done.stderr, done.stderr)

print(f"notifications: {len(failures)} checks failed" if failures else "notifications: all checks hold")
sys.exit(1 if failures else 0)
