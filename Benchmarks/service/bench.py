#!/usr/bin/env python3
"""Load on a running service: its webhook, its readers, and what its gateway adds to a call.

    make bench-service

Starts the simulated API and the service on loopback and prints one line a measurement. wrk makes the load; the gateway's addition is
the difference of pairs of calls, one straight and one through the service, over connections that are kept.

The callbacks name tasks that nobody knows. The service keeps 1,000 such names and answers the others 429, which count as not taken.
"""
import http.client, json, os, re, statistics, subprocess, sys, tempfile, threading, time, urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from programs import started  # noqa: E402


program = os.path.abspath(sys.argv[1])
seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
KEY, TOKEN, HOOK = "sk-of-a-benchmark", "reader-token-0123456789", "hook-secret-0123456789"
PICTURES, PAIRS, RATE = 40, 300, 500


def wrk(name, url, connections, script=None, header=None):
    arguments = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency", "--timeout", "10s", url]
    if script:
        arguments += ["-s", script]
    if header:
        arguments += ["-H", header]
    said = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    share = {p: re.search(rf"{p}%\s+([\d.]+\w+)", said)[1] for p in ("50", "99")}
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", said)
    print(f"{name:<42} {rate:8.0f} a second, p50 {share['50']}, p99 {share['99']}" + (f", {bad[0]}" if bad else ""), flush=True)


def steady(host, port):
    """Callbacks at a fixed rate, whether or not earlier ones are answered: 16 senders, each with its own times."""
    late, taken, lock = [], 0, threading.Lock()
    begin = time.perf_counter() + 0.2

    def send(sender):
        nonlocal taken
        connection = http.client.HTTPConnection(host, port)
        for number in range(sender, RATE * seconds, 16):
            due = begin + number / RATE
            time.sleep(max(0, due - time.perf_counter()))
            body = json.dumps({"id": f"task-steady-{number}", "status": "completed"})
            connection.request("POST", f"/hooks/{HOOK}", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            with lock:
                # From when it was due, so that waiting for an earlier answer counts.
                late.append((time.perf_counter() - due) * 1000)
                taken += answer.status == 204

    threads = [threading.Thread(target=send, args=[n]) for n in range(16)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    late.sort()
    print(f"{'webhook, ' + str(RATE) + ' a second for ' + str(seconds) + ' s':<42} {taken} of {len(late)} taken,"
          f" p50 {late[len(late) // 2]:.1f} ms, p99 {late[len(late) * 99 // 100]:.1f} ms, maximum {late[-1]:.1f} ms", flush=True)


def call(connection, path, body):
    start = time.perf_counter()
    connection.request("POST" if body else "GET", path, body, {"Authorization": "Bearer " + KEY})
    answer = connection.getresponse()
    read = answer.read()
    assert answer.status == 200, (path, answer.status, read[:200])
    return (time.perf_counter() - start) * 1000, read


def gateway(straight, through, name, path, body=None):
    added = []
    for _ in range(PAIRS):
        one = call(straight, path, body)[0]
        added.append(call(through, path, body)[0] - one)
    added.sort()
    print(f"{name:<42} adds p50 {statistics.median(added):.2f} ms, p90 {added[PAIRS * 9 // 10]:.2f} ms,"
          f" p99 {added[PAIRS * 99 // 100]:.2f} ms", flush=True)


with tempfile.TemporaryDirectory() as folder:
    simulator, upstream = started(r"FIXATIVE_API_URL=(\S+)", program, "simulate", "--port", "0", "--tasks", str(PICTURES))
    service, url = started(
        r"serving +(http://[^\s,]+)", program, "run", "--listen", "127.0.0.1:0", "--log-format", "text", "--storage", f"{folder}/archive",
        "--since", "1000d", FIXATIVE_API_URL=upstream, FIXATIVE_API_KEY=KEY, FIXATIVE_ALLOW_PRIVATE_HOSTS="true",
        FIXATIVE_READ_TOKEN=TOKEN, FIXATIVE_HOOK_SECRET=HOOK)
    try:
        host = urllib.parse.urlsplit(url)
        reader = http.client.HTTPConnection(host.hostname, host.port)

        def outputs():
            reader.request("GET", "/api/outputs?state=archived", headers={"Authorization": "Bearer " + TOKEN})
            return json.loads(reader.getresponse().read())["outputs"]

        while len(outputs()) < PICTURES:
            time.sleep(0.2)
        time.sleep(2)
        api = urllib.parse.urlsplit(upstream)
        straight, through = (http.client.HTTPConnection(a.hostname, a.port) for a in (api, host))
        request = json.dumps({"model": "gpt-image-2-beta", "prompt": "a paper boat", "size": "16:9", "resolution": "2K"})
        task = json.loads(call(straight, "/v1/tasks?page=1&page_size=1", None)[1])["data"][0]["id"]
        gateway(straight, through, "gateway, reading a task", f"/v1/tasks/{task}")
        gateway(straight, through, "gateway, making a task", "/v1/images/generations", request)
        # What was made is drawn and archived before the rest is measured.
        while len(outputs()) < 50:
            time.sleep(0.2)
        one = outputs()[0]
        bearer = "Authorization: Bearer " + TOKEN
        wrk("GET /healthz, 16 connections", url + "/healthz", 16)
        wrk("GET /api/outputs, 50 of them, 16", url + "/api/outputs", 16, header=bearer)
        wrk("GET /thumbs, 16", url + one["thumbnail"]["path"], 16, header=bearer)
        wrk(f"GET an original of {one['original']['bytes'] / 1e6:.1f} MB, 4", url + one["original"]["path"], 4, header=bearer)
        steady(host.hostname, host.port)
        script = f"{folder}/hook.lua"
        with open(script, "w") as file:
            file.write("""
                local number = 0
                request = function()
                    number = number + 1
                    local body = '{"id":"task-load-' .. number .. '","status":"completed"}'
                    return wrk.format("POST", "/hooks/%s", {["Content-Type"] = "application/json"}, body)
                end""" % HOOK)
        wrk("webhook, as many as go, 64", url, 64, script=script)
    finally:
        service.terminate()
        simulator.terminate()
        print(f"{'SIGTERM':<42} ended with {service.wait(20)}")
