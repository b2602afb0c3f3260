"""A stand-in for the API of which a test decides each answer, and the program beside it."""
import http.server, json, os, re, subprocess, tempfile, threading, time

KEY = "sk-never-to-be-seen-77"
READ_TOKEN = "read-token-0123456789"
PROGRAM = os.environ.get("FIXATIVE", ".build/debug/fixative")


class Upstream:
    """Answers the task list from `tasks`; `answer` may replace any answer by (status, headers, body)."""

    def __init__(self):
        self.tasks, self.requests, self.headers = [], [], {}
        self.answer = None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                outer.requests.append((self.path, self.headers.get("authorization")))
                status, headers, data = outer.answer(self.path) if outer.answer else outer.usual(self.path, body)
                self.send_response_only(status)
                for name, value in {**outer.headers, **headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = handle_any

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def usual(self, path, body):
        json_type = {"Content-Type": "application/json"}
        if path.startswith("/v1/tasks?"):
            first = re.search(r"[?&]page=1(&|$)", path)
            rows = self.tasks if first else []
            return 200, json_type, json.dumps({"data": rows, "total": len(self.tasks), "page": 1, "page_size": 50}).encode()
        if path == "/v1/tasks/batch":
            ids = json.loads(body)["task_ids"]
            return 200, json_type, json.dumps({"data": [t for t in self.tasks if t["id"] in ids]}).encode()
        for task in self.tasks:
            if path == "/v1/tasks/" + task["id"]:
                return 200, json_type, json.dumps(task).encode()
        return 404, json_type, b'{"error":{"code":404,"message":"no such task"}}'

    def failed(self, name, age):
        """A task that has ended without a picture, so that nothing is left to fetch."""
        return {"id": name, "status": "failed", "created": int(time.time() - age), "created_at": int(time.time() - age), "type": "image"}

    def keys_seen(self):
        return {key for _, key in self.requests if key}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def environment(**more):
    """The user's environment without settings of Fixative, and with a home of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FIXATIVE_", "EVOLINK_", "XDG_"))}
    return {**kept, "HOME": "/nonexistent", "FIXATIVE_API_KEY": KEY, **more}


def fixative(*arguments, seconds=90, **more):
    return subprocess.run(
        [PROGRAM, *arguments], env=environment(**more), capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL)


class Service:
    """`fixative run` until the end of the block."""

    def __init__(self, storage, *arguments, log_format="json", **more):
        self.log = tempfile.NamedTemporaryFile(suffix=".log")
        self.process = subprocess.Popen(
            [PROGRAM, "run", "--listen", "127.0.0.1:0", "--sweep-interval", "1", "--log-format", log_format, "--storage", storage, *arguments],
            env=environment(FIXATIVE_READ_TOKEN=READ_TOKEN, **more), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self.log)

    def said(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            return file.read()

    def __enter__(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            found = re.search(r'"address":"(http:[^"]+)"|serving +(http:[^ ,]+)', self.said())
            if found:
                self.url = (found.group(1) or found.group(2)).replace("\\/", "/")
                return self
            assert self.process.poll() is None, self.said()
            time.sleep(0.05)
        raise AssertionError(self.said())

    def ready(self):
        """Status and text of /readyz."""
        return self.get("/readyz")

    def get(self, path):
        """Status and text of an answer to a reader."""
        import urllib.error, urllib.request
        request = urllib.request.Request(self.url + path, headers={"Authorization": "Bearer " + READ_TOKEN})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def becomes(self, status, word="", seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            told = self.ready()
            if told[0] == status and word in told[1]:
                return told[1]
            time.sleep(0.1)
        raise AssertionError(f"/readyz did not become {status} with {word!r}: {told} {self.said()[-1500:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(20)

    def __exit__(self, *_):
        self.stop()
