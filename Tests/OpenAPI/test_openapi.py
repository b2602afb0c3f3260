"""Starts the simulator and the service on an archive with some pictures, and holds the service against its OpenAPI document."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

READER, ADMIN, HOOK = "reader-token-0123456789", "admin-token-0123456789", "hook-secret-0123456789"
TASKS = 6
BIN = pathlib.Path(sys.executable).parent


def said(process, log, pattern, times=1):
    """Waits until the program's stderr matches; ends the test when it ends first."""
    while True:
        ended = process.poll() is not None
        found = re.findall(pattern, log.read_text())
        if len(found) >= times:
            return found[0]
        if ended:
            sys.exit(f"a program ended early:\n{log.read_text()}")
        time.sleep(0.1)


def start(folder, name, *arguments, **environment):
    log = folder / f"{name}.log"
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("FIXATIVE_", "EVOLINK_"))}
    process = subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=log.open("w"), env={**variables, **environment})
    return process, log


def main():
    program, seconds = os.path.abspath(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        simulator, log = start(folder, "simulator", program, "simulate", "--port", "0", "--tasks", str(TASKS))
        service = None
        try:
            upstream = said(simulator, log, r"FIXATIVE_API_URL=(\S+)")
            service, log = start(
                folder, "service", program, "run", "--listen", "127.0.0.1:0", "--log-format", "text", "--since", "1000d", "--storage", name + "/s",
                FIXATIVE_API_URL=upstream, FIXATIVE_API_KEY="sk-of-a-test", FIXATIVE_ALLOW_PRIVATE_HOSTS="true",
                FIXATIVE_READ_TOKEN=READER, FIXATIVE_ADMIN_TOKEN=ADMIN, FIXATIVE_HOOK_SECRET=HOOK)
            url = said(service, log, r"serving +(http:[^\s,]+)")
            said(service, log, r"archived ", TASKS)
            status = check(folder, url, seconds)
            if service.poll() is not None:
                sys.exit(f"the service has ended:\n{log.read_text()}")
            complaints = [line for line in log.read_text().splitlines() if "error" in line.lower() and "request failed" in line]
            if complaints:
                sys.exit("the service could not answer:\n" + "\n".join(complaints[:20]))
            service.terminate()
            if service.wait(10) != 0:
                sys.exit(f"the service did not end with code 0:\n{log.read_text()}")
            sys.exit(status)
        finally:
            for process in [service, simulator]:
                if process is not None and process.poll() is None:
                    process.terminate()
                    process.wait(10)


def check(folder, url, seconds):
    document = folder / "openapi.json"
    document.write_bytes(urllib.request.urlopen(url + "/openapi.json").read())
    subprocess.run([BIN / "openapi-spec-validator", document], check=True)
    request = urllib.request.Request(url + "/api/outputs", headers={"Authorization": "Bearer " + READER})
    output = json.load(urllib.request.urlopen(request))["outputs"][0]
    # What is in the archive, so that not every answer is 404.
    configuration = folder / "schemathesis.toml"
    configuration.write_text(f"""
[parameters]
"path.secret" = "{HOOK}"

[[operations]]
include-operation-id = ["getOutput", "retryOutput", "getThumbnail", "headThumbnail"]
parameters = {{ "path.name" = "{output['name']}" }}

[[operations]]
include-operation-id = ["getTask"]
parameters = {{ "path.id" = "{output['taskId']}" }}

[[operations]]
include-operation-id = ["getBlob", "headBlob"]
parameters = {{ "path.digest" = "{output['original']['sha256']}" }}
""")
    plain = folder / "plain.toml"
    plain.write_text("")
    base = [
        BIN / "schemathesis", "--no-color", "--config-file", None, "run", url + "/openapi.json", "--checks", "all",
        # After twenty wrong tokens an address gets 429 in place of 401: wrong_tokens() looks at that.
        "--exclude-checks", "ignored_auth", "--seed",
        os.environ.get("OPENAPI_SEED", "6"),
        "--header", "Authorization: Bearer " + ADMIN, "--continue-on-failure", "--request-timeout", "10"]
    status = 0
    # Once with names that are there, once with whatever comes to mind.
    for file in [configuration, plain]:
        base[3] = file
        print(f"schemathesis with {file.stem} names", flush=True)
        status |= subprocess.run(
            base + ["--max-examples", "50", "--max-time", str(int(seconds) // 2)], cwd=folder, stdin=subprocess.DEVNULL).returncode
    return status | wrong_tokens(url, json.loads(document.read_text()), output)


def wrong_tokens(url, document, output):
    """Every operation that needs a token refuses a call without one, and one with a wrong one. Returns how many do not, at most 1."""
    names = {"{name}": output["name"], "{id}": output["taskId"], "{digest}": output["original"]["sha256"], "{path}": "tasks"}
    failures = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters" or not operation.get("security", document.get("security")):
                continue
            address = path
            for name, value in names.items():
                address = address.replace(name, value)
            for headers in [{}, {"Authorization": "Bearer wrong-token-0123456789"}]:
                request = urllib.request.Request(url + address, method=method.upper(), headers=headers)
                try:
                    code = urllib.request.urlopen(request, timeout=10).status
                except urllib.error.HTTPError as error:
                    code = error.code
                if code not in ([401, 403] if not headers else [401, 403, 429]):
                    print(f"{method.upper()} {path} answers {code} {'with a wrong token' if headers else 'without a token'}")
                    failures = 1
    return failures


main()
