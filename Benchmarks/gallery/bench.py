#!/usr/bin/env python3
"""Measures the live gallery of a running service over a large catalog.

    make build && swift build -c release --scratch-path .build/release-scratch --product catalog-scale
    Benchmarks/gallery/bench.py .build/release-scratch/release/fixative .build/release-scratch/release/catalog-scale [ROWS]

ROWS is what catalog-scale makes, of which 92 % have ended and are shown (109000 for 100,000 pictures). Prints milliseconds, the CPU time
each took on the average, and the process's memory in megabytes at the time.
"""
import http.client, os, re, sqlite3, statistics, subprocess, sys, tempfile, time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from programs import started  # noqa: E402


program, scale = map(os.path.abspath, sys.argv[1:3])
rows = int(sys.argv[3]) if len(sys.argv) > 3 else 109_000


with tempfile.TemporaryDirectory() as folder:
    storage = f"{folder}/archive"
    subprocess.run([scale, "--rows", str(rows), "--tries", "100", "--keep", storage], stdout=subprocess.DEVNULL)
    catalog = sqlite3.connect(f"{storage}/catalog.sqlite")
    # What waits would be fetched, from hosts that do not exist.
    with catalog:
        catalog.execute("DELETE FROM output WHERE state NOT IN ('archived', 'unavailable')")
    shown, = catalog.execute("SELECT COUNT(*) FROM output").fetchone()
    simulator, upstream = started(r"FIXATIVE_API_URL=(\S+)", program, "simulate", "--port", "0", "--tasks", "0")
    service, port = started(
        r"serving +http://127.0.0.1:(\d+),", program, "run", "--listen", "127.0.0.1:0", "--log-format", "text", "--storage", storage,
        FIXATIVE_API_URL=upstream, FIXATIVE_API_KEY="k", FIXATIVE_ALLOW_PRIVATE_HOSTS="true")
    connection = http.client.HTTPConnection("127.0.0.1", int(port))

    def memory(name):
        return int(re.search(rf"{name}:\s+(\d+)", open(f"/proc/{service.pid}/status").read())[1]) / 1000

    def cpu():
        user, system = open(f"/proc/{service.pid}/stat").read().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) * 1000 / os.sysconf("SC_CLK_TCK")

    used = cpu()

    def get(path, status=200, **headers):
        start = time.perf_counter()
        connection.request("GET", f"/gallery/{path}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == status, (path, answer.status, body[:200])
        return (time.perf_counter() - start) * 1000, body, answer.getheader("ETag")

    def tell(what, times):
        global used
        before, used = used, cpu()
        times = sorted(times)
        text = f"{times[0]:9.1f} ms" if len(times) == 1 else f"{statistics.median(times):9.1f} ms, at most {times[-1]:.1f}"
        print(f"{what:44}{text:32}{(used - before) / len(times):8.1f} ms CPU{memory('VmRSS'):8.0f} MB")

    print(f"{shown} outputs; before the first request {memory('VmRSS'):.0f} MB")
    first, index, tag = get("")
    tell("the first page, first request", [first])
    index = index.decode()
    tell("the first page again", [get("")[0] for _ in range(50)])
    tell("the first page, unchanged (304)", [get("", 304, **{"If-None-Match": tag})[0] for _ in range(50)])
    data = get(re.search(r"assets/data\.\w+\.js", index)[0])[1].decode()
    shards = re.findall(r"data/[\w.]+\.js", data)
    tell(f"a data file ({len(shards)} of them, 500 pictures each)", [get(path)[0] for path in shards])
    tell("a list page of 200", [get(f"page-{number}.html")[0] for number in range(1, 101)])
    pages = re.findall(r"pictures/[\w.-]+\.html", index)
    tell("a picture's page", [get(path)[0] for path in pages[:100]])
    tell("the calendar", [get("pages.html")[0]])
    tell("the feed", [get("feed.xml")[0]])
    taken, manifest, _ = get("manifest.json")
    tell(f"the manifest ({len(manifest) / 1e6:.0f} MB)", [taken])
    changes = []
    for number in range(10):
        time.sleep(2.1)
        with catalog:
            # As many sums change as with a new picture.
            catalog.execute("UPDATE output SET bytes = bytes + 1 WHERE key = (SELECT key FROM output WHERE state = 'archived' ORDER BY place DESC LIMIT 1)")
        taken, page, _ = get("")
        assert page.decode() != index, "the change does not show"
        index = page.decode()
        changes.append(taken)
    tell("a page after a change", changes)
    idle = []
    for number in range(3):
        time.sleep(2.1)
        idle.append(get("")[0])
    tell("a page later, without a change", idle)
    print(f"peak memory: {memory('VmHWM'):.0f} MB")
    for process in (service, simulator):
        process.terminate()
        process.wait(20)
