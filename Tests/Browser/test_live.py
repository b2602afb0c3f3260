#!/usr/bin/env python3
"""Uses the live gallery of a running service in Chromium as people do: without a token, and signing in with one.

    test_live.py PROGRAM SHOTS

Starts the simulated API and the service of PROGRAM, on ports of their own; screenshots go to SHOTS. Exits with 1 when a check fails. Anything that a
page logs, is refused by its policy, or asks of another host is a failure.
"""
import os, re, subprocess, sys, tempfile, time
from contextlib import contextmanager
from playwright.sync_api import sync_playwright

program, shots = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
os.makedirs(shots, exist_ok=True)
failures = []
READER, ADMIN = "reader-token-0123456789", "admin-token-0123456789"


def check(is_true, what):
    if not is_true:
        failures.append(what)
        print(f"  FAILED: {what}")


@contextmanager
def running(pattern, *arguments, **environment):
    """A program of ours, and what it said first that fits the pattern; it is stopped by its own id."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("FIXATIVE_")}
    # Two handles: a shared one would have the program write where we read.
    with tempfile.NamedTemporaryFile("w") as log, open(log.name) as said:
        process = subprocess.Popen([program, *arguments], env=variables | environment, stdout=subprocess.DEVNULL, stderr=log)

        def wait(pattern, seconds=20):
            end = time.monotonic() + seconds
            while time.monotonic() < end and process.poll() is None:
                said.seek(0)
                found = re.findall(pattern, said.read())
                if found:
                    return found
                time.sleep(0.05)
            said.seek(0)
            sys.exit(f"{arguments[0]} did not print {pattern}:\n{said.read()}")

        try:
            yield wait(pattern)[0], wait
        finally:
            process.terminate()
            check(process.wait(20) == 0, f"{arguments[0]} ended with {process.returncode}")


@contextmanager
def service(storage, tasks=8, **tokens):
    simulator = ("simulate", "--port", "0", "--tasks", str(tasks))
    with running(r"FIXATIVE_API_URL=(\S+)", *simulator) as (upstream, _):
        arguments = ("run", "--listen", "127.0.0.1:0", "--since", "1000d", "--sweep-interval", "1", "--log-format", "text", "--storage", storage)
        environment = dict(FIXATIVE_API_URL=upstream, FIXATIVE_API_KEY="sk-live-tour", FIXATIVE_ALLOW_PRIVATE_HOSTS="true")
        with running(r"serving +(http:\S+),", *arguments, **environment, **tokens) as (url, wait):
            wait(r"(?s)(?:\barchived .*?\n.*?){%d}" % tasks)
            yield url


@contextmanager
def opened(browser, origin, name, expected=()):
    """A page in a context of its own, and the context."""
    print(name)
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.on("console", lambda message: check(message.type not in ("error", "warning") or any(part in message.text for part in expected), f"{name}: console says {message.text}"))
    page.on("pageerror", lambda error: check(False, f"{name}: {error}"))
    page.on("response", lambda response: check(response.status < 400 or str(response.status) in expected, f"{name}: {response.url} answered {response.status}"))
    page.on("request", lambda request: check(request.url.startswith((origin, "data:")), f"{name}: asked for {request.url}"))
    page.add_init_script("addEventListener('securitypolicyviolation', (event) => console.error('policy', event.violatedDirective, event.blockedURI))")
    yield page, context
    page.screenshot(path=os.path.join(shots, f"{name}.png"))
    context.close()


def until(page, expression, what, seconds=10):
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        if time.monotonic() > end:
            return check(False, what)
        page.wait_for_timeout(25)


def use(page):
    """What the exported gallery does, the live one does too."""
    until(page, "document.getElementById('count')?.value.match(/^\\d+ outputs$/)", "the data does not load")
    check(page.locator(".tile").count() >= 8, "tiles are missing")
    until(page, "[...document.querySelectorAll('.tile .picture')].slice(0, 4).every((image) => image.complete && image.naturalWidth > 100)", "thumbnails do not show")
    page.locator(".tile:not(.card) a").first.click()
    until(page, "document.getElementById('viewer').open", "a click does not open the viewer")
    until(page, "document.querySelector('#stage img:last-child')?.naturalWidth > 600", "the viewer does not show the preview")
    page.keyboard.press("z")
    until(page, "document.querySelector('#stage img:last-child').currentSrc.includes('/gallery/originals/')", "z does not show the original")
    page.keyboard.press("z")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the original").click()
    check(os.path.getsize(download.value.path()) > 100_000, "the downloaded original is incomplete")
    page.keyboard.press("Escape")
    until(page, "!document.getElementById('viewer').open", "Escape does not close")
    # Closing steps back in the history, which comes a moment later and brings the search of that step with it.
    until(page, "!location.hash.includes('p=')", "Escape leaves the picture in the address")
    page.fill("#q", "no such prompt anywhere")
    until(page, "!document.getElementById('no-matches').hidden", "search does not narrow")
    page.fill("#q", "")
    until(page, "document.querySelectorAll('.tile').length >= 8", "clearing the search does not show all tiles again")


def without_token(browser, folder):
    with service(f"{folder}/open") as url, opened(browser, url, "live") as (page, _):
        page.goto(f"{url}/gallery")
        check(page.url == f"{url}/gallery/", f"/gallery leads to {page.url}")
        use(page)
        page.goto(f"{url}/gallery/" + page.locator(".tile a").first.get_attribute("href"))
        check(page.locator(".facts dl").count() == 1 and page.evaluate("document.querySelector('.plate img').naturalWidth > 0"), "a picture's own page lacks its facts or its image")
        page.locator("header a, .bar a").first.click()
        check(page.locator(".tile").count() >= 8, "there is no way back")


def with_token(browser, folder):
    tokens = dict(FIXATIVE_READ_TOKEN=READER, FIXATIVE_ADMIN_TOKEN=ADMIN)
    with service(f"{folder}/guarded", **tokens) as url, opened(browser, url, "live sign-in", ("401",)) as (page, context):
        page.goto(f"{url}/gallery/")
        check(page.locator(".tile").count() == 0 and page.get_by_label("Read token").is_visible(), "the sign-in page is not shown")
        page.screenshot(path=os.path.join(shots, "sign-in.png"))
        page.fill("#token", "wrong-token-0123456789")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        page.screenshot(path=os.path.join(shots, "sign-in refused.png"))
        page.fill("#token", READER)
        page.get_by_role("button", name="Sign in").click()
        use(page)
        cookie, = context.cookies()
        check(cookie["httpOnly"] and cookie["sameSite"] == "Strict" and READER not in cookie["value"], f"the cookie is {cookie}")
        check(29 * 86400 < cookie["expires"] - time.time() < 31 * 86400, "the cookie does not last 30 days")
        status = page.request.get(f"{url}/api/outputs").status
        check(status == 200, f"a signed-in browser cannot read: {status}")
        status = page.request.post(f"{url}/api/tasks", data='{"tasks":[{"task_id":"task-a"}]}').status
        check(status == 401, f"a signed-in browser can change something: {status}")
        page.goto(f"{url}/gallery/sign-in")
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("Read token").wait_for()
        page.goto(f"{url}/gallery/")
        check(page.get_by_label("Read token").is_visible() and not context.cookies(), "signing out leaves the browser signed in")


with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
    for part in (without_token, with_token):
        try:
            part(browser, folder)
        except Exception as error:
            check(False, f"{part.__name__}: {error}")
    browser.close()

print(f"{len(failures)} failures" if failures else "all well")
sys.exit(1 if failures else 0)
