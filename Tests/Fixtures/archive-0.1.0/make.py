"""Makes the archive of this folder: `python3 make.py FIXATIVE OUT.tar.gz`, where FIXATIVE is a build of release 0.1.0 (b13c7b2).

The script is the upstream: it answers the task API and serves the results on loopback. It needs cjpeg, cwebp and five minutes,
which the release takes until it gives up a task whose results are missing.
"""
import http.server, json, os, signal, struct, subprocess, sys, tarfile, tempfile, threading, time, zlib

PROGRAM, OUT = sys.argv[1], sys.argv[2]
CREATED = int(time.time()) - 600


def png(width, height, seed):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(v for x in range(width) for v in (x // 32 * 8 & 255, y // 32 * 8 & 255, seed * 40 & 255))
                    for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def converted(program, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        rows = bytes(v for y in range(1024) for x in range(1024) for v in (x // 4, y // 4, 128))
        open(f"{folder}/in.ppm", "wb").write(b"P6\n1024 1024\n255\n" + rows)
        subprocess.run([program, *[a.format(folder) for a in arguments]], check=True, capture_output=True)
        return open(f"{folder}/out", "rb").read()


PAGE = b"<!doctype html><title>Maintenance</title><p>We are back soon.\n"
FILES = {
    "/exact.png": png(1024, 1024, 1), "/first.png": png(1024, 1024, 2), "/second.png": png(1024, 1024, 3),
    "/third.png": png(1024, 1024, 4), "/small.png": png(864, 1152, 5), "/bare.png": png(320, 200, 6),
    "/photo.jpg": converted("cjpeg", "-outfile", "{0}/out", "{0}/in.ppm"),
    "/web.png": converted("cwebp", "-q", "60", "{0}/in.ppm", "-o", "{0}/out"),
    "/page.png": PAGE, "/cut.png": png(1024, 1024, 7)[:2500],
}
STATUS = {"/gone.png": 404, "/busy.png": 503}
BASE = ""


def task(name, *links, status="completed", **more):
    return {"created": CREATED, "id": f"task-fixture-{name}", "model": "gpt-image-2-beta", "object": "image.generation.task",
            "progress": 100, "status": status, "task_info": {"can_cancel": False}, "type": "image",
            "results": [link if link.startswith("http") else BASE + link for link in links], "usage": {"credits_used": 1.36}, **more}


def tasks():
    return [
        task("exact", "/exact.png"), task("three", "/first.png", "/second.png", "/third.png"), task("small", "/small.png"),
        task("jpeg", "/photo.jpg"), task("webp", "/web.png"), task("bare", "/bare.png"),
        # Given up too early: the links below lived on for a day.
        task("gone", "/gone.png"), task("page", "/page.png"), task("cut", "/cut.png"), task("empty"),
        task("mixed", "/exact.png", "/gone.png"),
        task("refused", "http://10.255.255.1/refused.png"),
        task("failed", status="failed", error={"code": "content_policy_violation", "message": "refused by the safety system"}),
        task("made", status="processing", progress=40), task("busy", "/busy.png"),
    ]


class Upstream(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def say(self, status, value):
        self.answer(status, json.dumps(value).encode(), "application/json")

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path.startswith("/v1/tasks/"):
            found = [t for t in tasks() if t["id"] == path[10:]]
            return self.say(200, found[0]) if found else self.say(404, {"error": {"code": 404, "message": "Task not found"}})
        if path in STATUS:
            return self.answer(STATUS[path], b"no", "text/plain")
        self.answer(200, FILES[path], "text/html" if path == "/page.png" else "image/png")

    def do_POST(self):
        ids = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["task_ids"]
        self.say(200, {"data": [t for t in tasks() if t["id"] in ids]})


def request(name, size="1:1", resolution="1K", **more):
    return {"task_id": f"task-fixture-{name}", "model": "gpt-image-2-beta", "prompt": f"fixture {name}", "size": size,
            "resolution": resolution, **more}


MANIFEST = [
    request("exact", prompt="a paper boat, 山水, \"quotes\" & <b>"), request("three"), request("small", size="3:4", resolution="2K"),
    request("jpeg"), request("webp"), {"task_id": "task-fixture-bare"}, request("gone"), request("page"), request("cut"),
    request("empty"), request("mixed"), request("failed"), request("unknown"), request("busy"), request("made"),
]


def run(storage, *arguments, seconds=None):
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "FIXATIVE_API_KEY": "fixture"}
    process = subprocess.Popen([PROGRAM, *arguments, "--storage", storage, "-v"], env=env)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        process.wait()


def main():
    global BASE
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    BASE = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        storage, manifest = f"{folder}/archive-0.1.0", f"{folder}/manifest.jsonl"
        open(manifest, "w").write("".join(json.dumps(line) + "\n" for line in MANIFEST))
        # Without the permission for private hosts this one is refused until it is given up.
        run(storage, "archive", "task-fixture-refused", "--api-url", BASE, seconds=200)
        run(storage, "archive", "--from", manifest, "--api-url", BASE, "--allow-private-hosts", seconds=330)
        for verb in ("list", "audit"):
            shown = subprocess.run([PROGRAM, verb, "--format", "json", "--storage", storage], capture_output=True)
            open(os.path.join(os.path.dirname(OUT) or ".", f"{verb}.json"), "wb").write(shown.stdout)
        with tarfile.open(OUT, "w:gz", compresslevel=9) as archive:
            for path in sorted(os.path.relpath(os.path.join(d, f), folder) for d, _, files in os.walk(storage) for f in files):
                assert not path.endswith(("-wal", "-shm")), "the catalog was not closed"
                archive.add(f"{folder}/{path}", path, filter=lambda info: info.replace(uid=0, gid=0, uname="", gname="", deep=False))


main()
