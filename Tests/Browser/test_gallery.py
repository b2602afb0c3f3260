#!/usr/bin/env python3
"""Opens exported galleries in Chromium and uses them as people do.

    test_gallery.py SMALL LARGE EMPTY SHOTS

SMALL, LARGE and EMPTY are folders that the export wrote; screenshots go to SHOTS. Exits with 1 when a check fails.
"""
import functools, http.server, os, sys, threading, time
from contextlib import contextmanager
from playwright.sync_api import sync_playwright

small, large, empty, shots = map(os.path.abspath, sys.argv[1:5])
os.makedirs(shots, exist_ok=True)
failures = []


def check(is_true, what):
    if not is_true:
        failures.append(what)
        print(f"  FAILED: {what}")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def serve(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


@contextmanager
def opened(browser, url, name, width=1280, height=860, **options):
    """A page in a context of its own. Whatever it logs, asks for elsewhere or fails to load is a failure."""
    print(name)
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    origin = url.split("/index.html")[0]
    page.on("console", lambda message: check(message.type not in ("error", "warning"), f"{name}: console says {message.text}"))
    page.on("pageerror", lambda error: check(False, f"{name}: {error}"))
    page.on("requestfailed", lambda request: check("ERR_ABORTED" in (request.failure or ""), f"{name}: {request.url} failed: {request.failure}"))
    page.on("response", lambda response: check(response.status < 400, f"{name}: {response.url} answered {response.status}"))
    page.on("request", lambda request: check(request.url.startswith((origin, "data:")), f"{name}: asked for {request.url}"))
    page.goto(url)
    yield page
    check(page.evaluate("window.broken === undefined"), f"{name}: a prompt ran as script")
    page.screenshot(path=os.path.join(shots, f"{name}.png"))
    context.close()


count = lambda page: page.locator("#count").inner_text()
dialog_is_open = lambda page: page.evaluate("document.getElementById('viewer').open")
focused = lambda page: page.evaluate("document.activeElement.closest('.tile')?.id ?? document.activeElement.id")


def until(page, expression, what):
    # Not wait_for_function: that one evaluates a string in the page, which the page's policy forbids.
    end = time.monotonic() + 10
    while not page.evaluate(expression):
        if time.monotonic() > end:
            return check(False, what)
        page.wait_for_timeout(25)


def loaded(page, total):
    until(page, f"document.getElementById('count').value.startsWith('{total}') && !document.getElementById('count').value.includes('loading')", f"{total} did not load")


def search_and_filters(browser, base):
    with opened(browser, f"{base}/index.html", "search") as page:
        loaded(page, "300 outputs")
        page.fill("#q", "besancon cafe")
        until(page, "/^\\d+ of 300/.test(document.getElementById('count').value)", "search does not narrow")
        check(page.locator(".tile").count() > 0, "search ignores accents and case")
        check("q=besancon" in page.url, "the search is in the address")
        page.fill("#q", "no such prompt anywhere")
        until(page, "!document.getElementById('no-matches').hidden", "no matches are not told")
        page.click("#no-matches button")
        loaded(page, "300 outputs")
        check(page.input_value("#q") == "" and "#" not in page.url, "clearing empties the address")
        page.click("#more")
        page.select_option("[name=verdict]", "undersized")
        until(page, "/^\\d+ of 300/.test(document.getElementById('count').value)", "a filter does not narrow")
        labels = set(page.locator(".tile .badge").all_inner_texts())
        check(labels == {"Undersized"}, f"the filter shows {labels}")
        page.select_option("[name=sort]", "bytes")
        page.reload()
        until(page, "/^\\d+ of 300/.test(document.getElementById('count').value)", "the address does not restore the filter")
        check(page.input_value("[name=sort]") == "bytes", "the address does not restore the sort")
        page.click(".figure[data-filter=exact]")
        until(page, "[...document.querySelectorAll('.tile .badge')].every(b => b.textContent === 'Exact')", "the summary does not filter")


def viewer(browser, base):
    with opened(browser, f"{base}/index.html", "viewer") as page:
        loaded(page, "300 outputs")
        page.evaluate("scrollTo(0, 3000)")
        page.wait_for_timeout(300)
        tile = page.locator(".tile:not(.card)").nth(page.locator(".tile:not(.card)").count() // 2)
        name = tile.get_attribute("id")
        before = page.evaluate("scrollY")
        tile.locator("a").click()
        until(page, "document.getElementById('viewer').open", "a click does not open the viewer")
        before = page.evaluate("scrollY")
        check(f"p={name[2:]}" in page.url, "the picture is in the address")
        page.wait_for_timeout(400)
        check(page.evaluate("document.querySelector('#stage img:last-child').naturalWidth > 600"), "the viewer shows the preview")
        page.keyboard.press("z")
        page.wait_for_timeout(400)
        check(page.evaluate("(i => i.naturalWidth === Math.round(i.getBoundingClientRect().width * devicePixelRatio))(document.querySelector('#stage img:last-child'))"), "z shows actual pixels")
        page.keyboard.press("z")
        first = page.locator("#position").inner_text()
        page.keyboard.press("ArrowRight")
        check(page.locator("#position").inner_text() != first, "the right arrow steps")
        page.keyboard.press("ArrowLeft")
        check(page.locator("#position").inner_text() == first, "the left arrow steps back")
        page.keyboard.press("Escape")
        until(page, "!document.getElementById('viewer').open", "Escape does not close")
        page.wait_for_timeout(200)
        check(abs(page.evaluate("scrollY") - before) < 2, "Escape moves the page")
        check(focused(page) == name, "Escape does not give the focus back")
        check("p=" not in page.url, "Escape leaves the picture in the address")
        page.keyboard.press("Enter")
        until(page, "document.getElementById('viewer').open", "Enter does not open the viewer")
        page.go_back()
        until(page, "!document.getElementById('viewer').open", "Back does not close the viewer")
        # The dialog's own event comes a moment after it is closed; nobody is quicker with the mouse.
        page.wait_for_timeout(200)
        page.go_forward()
        until(page, "document.getElementById('viewer').open", "Forward does not open it again")
        page.keyboard.press("End")
        check(page.locator("#position").inner_text() == "300 of 300", "End goes to the last")
        page.keyboard.press("Home")
        check(page.locator("#position").inner_text() == "1 of 300", "Home goes to the first")
        page.wait_for_timeout(300)


def deep_link(browser, base):
    with opened(browser, f"{base}/index.html#q=fox&p=zzz", "deep link to nothing") as page:
        until(page, "/^\\d+ of 300/.test(document.getElementById('count').value)", "a stale link breaks the page")
        check(not dialog_is_open(page), "a stale link opens an empty viewer")
        target = page.locator(".tile").nth(3).get_attribute("id")[2:]
    with opened(browser, f"{base}/index.html#p={target}", "deep link") as page:
        until(page, "document.getElementById('viewer').open", "a link to a picture does not open it")
        page.keyboard.press("Escape")
        page.wait_for_timeout(200)
        check(focused(page) == f"p-{target}", "closing a linked picture does not show where it is")


def keyboard(browser, base):
    with opened(browser, f"{base}/index.html", "keyboard") as page:
        loaded(page, "300 outputs")
        page.keyboard.press("Tab")
        check(page.evaluate("document.activeElement.className") == "skip", "the first stop is not the skip link")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        first = focused(page)
        check(first.startswith("p-"), f"after the skip link comes {first}")
        for _ in range(60):
            page.keyboard.press("Tab")
        check(focused(page).startswith("p-") and focused(page) != first, "Tab does not go from picture to picture")
        hidden = page.evaluate("(() => { const r = document.activeElement.getBoundingClientRect(); return r.top < document.getElementById('controls').getBoundingClientRect().bottom - 1 || r.bottom > innerHeight + 1 })()")
        check(not hidden, "the focused picture is out of sight")
        here = focused(page)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowLeft")
        check(focused(page).startswith("p-"), "the arrows lose the focus")
        page.keyboard.press("Home")
        check(focused(page) == first, "Home does not go to the first picture")
        page.keyboard.press("/")
        check(focused(page) == "q", "/ does not go to the search")
        page.keyboard.type("fox")
        until(page, "/^\\d+ of 300/.test(document.getElementById('count').value)", "typing does not search")


def without_script(browser, base):
    with opened(browser, f"{base}/index.html", "no script", java_script_enabled=False) as page:
        seen = page.locator(".tile").count()
        check(not page.locator("#controls").is_visible(), "controls that can't work are shown")
        while page.locator("a[rel=next]").count() and page.locator(".tile").count():
            with page.expect_navigation():
                page.locator("a[rel=next]").first.click()
            seen += page.locator(".tile").count()
        check(seen == 300, f"the pages show {seen} of 300")
        page.locator(".tile a").first.click()
        check(page.locator(".facts dl").count() == 1, "a tile does not lead to its page")
        page.locator("a[rel=prev]").first.click()
        page.locator("header a").first.click()
        check(page.locator(".tile").count() > 0, "there is no way back")


def layouts(browser, base):
    for name, width, height, options in [
        ("360", 360, 740, {}), ("360 dark", 360, 740, {"color_scheme": "dark"}), ("1280", 1280, 860, {}),
        ("dark", 1280, 860, {"color_scheme": "dark"}), ("2560", 2560, 1440, {}), ("360 no script", 360, 740, {"java_script_enabled": False}),
        ("reduced motion", 1280, 860, {"reduced_motion": "reduce"}),
    ]:
        with opened(browser, f"{base}/index.html", name, width, height, **options) as page:
            page.wait_for_timeout(600)
            check(page.evaluate("document.documentElement.scrollWidth") <= width, f"{name}: the page scrolls sideways")
            boxes = [box for box in (tile.bounding_box() for tile in page.locator(".tile").all()[:60]) if box]
            check(all(box["x"] >= 0 and box["x"] + box["width"] <= width + 1 for box in boxes), f"{name}: a tile is cut off")
            check(all(box["width"] >= 24 and box["height"] >= 24 for box in boxes), f"{name}: a tile is too small to hit")
    with opened(browser, f"{base}/index.html", "360 viewer", 360, 740, has_touch=True, is_mobile=True) as page:
        loaded(page, "300 outputs")
        page.locator(".tile a").nth(2).tap()
        until(page, "document.getElementById('viewer').open", "a tap does not open the viewer")
        check(page.evaluate("document.getElementById('viewer').scrollWidth") <= 360, "the viewer is wider than the screen")
        first = page.locator("#position").inner_text()
        page.evaluate("""() => { const s = document.getElementById('stage');
            const fire = (type, x) => s.dispatchEvent(new PointerEvent(type, { pointerType: 'touch', isPrimary: true, button: 0, clientX: x, clientY: 200, bubbles: true }));
            fire('pointerdown', 300); fire('pointermove', 200); fire('pointerup', 120); }""")
        check(page.locator("#position").inner_text() != first, "a swipe does not step")
        page.wait_for_timeout(300)
    with opened(browser, f"file://{empty}/index.html", "empty") as page:
        check(page.get_by_text("No pictures yet").is_visible(), "an empty gallery says nothing")


def accessibility(browser, base):
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        print("accessibility: skipped, axe-playwright-python is not installed")
        return
    for scheme in ("light", "dark"):
        context = browser.new_context(bypass_csp=True, color_scheme=scheme, reduced_motion="reduce")
        page = context.new_page()
        for name, path in [("grid", "index.html"), ("filters", "index.html"), ("viewer", "index.html"), ("older page", "page-1.html"), ("cards", "index.html#verdict=unavailable"), ("picture", None)]:
            print(f"accessibility, {scheme}, {name}")
            page.goto("about:blank")
            page.goto(f"{base}/{path}" if path else f"{base}/pictures/" + next(n for n in sorted(os.listdir(f"{small}/pictures"))))
            page.wait_for_timeout(400)
            if name == "filters":
                page.click("#more")
            if name == "viewer":
                page.locator(".tile a").first.click()
                page.wait_for_timeout(200)
            for violation in Axe().run(page).response["violations"]:
                where = "; ".join(node["html"][:120] for node in violation["nodes"][:2])
                check(violation["impact"] not in ("serious", "critical"), f"{scheme} {name}: {violation['id']}: {violation['help']}: {where}")
        context.close()


def many(browser, base):
    with opened(browser, f"{base}/index.html", "many") as page:
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
        loaded(page, "10,000 outputs")
        frames = page.evaluate("""() => new Promise((done) => {
            let frames = 0; let nodes = 0; const began = performance.now();
            const step = (now) => {
                frames += 1; scrollBy(0, 60); nodes = Math.max(nodes, document.querySelectorAll('*').length);
                if (now - began < 3000) requestAnimationFrame(step); else done({ rate: frames / (now - began) * 1000, nodes });
            };
            requestAnimationFrame(step);
        })""")
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        page.wait_for_timeout(300)
        began = time.monotonic()
        page.fill("#q", "fox snow")
        until(page, "/^[\\d,]+ of 10,000/.test(document.getElementById('count').value)", "search in many fails")
        print(f"  first paint {paint:.0f} ms, {frames['rate']:.0f} frames/s, at most {frames['nodes']} elements, search {1000 * (time.monotonic() - began):.0f} ms")
        check(frames["nodes"] < 3000, "too many elements")
        check(paint < 1000, "the first paint takes more than a second")


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
    for base in (f"file://{small}", serve(small)):
        print(f"== {base.split(':')[0]}")
        for part in (search_and_filters, viewer, deep_link, keyboard, without_script):
            try:
                part(browser, base)
            except Exception as error:
                check(False, f"{part.__name__}: {error}")
    layouts(browser, f"file://{small}")
    accessibility(browser, serve(small))
    many(browser, f"file://{large}")
    browser.close()

print(f"{len(failures)} failures" if failures else "all well")
sys.exit(1 if failures else 0)
