#!/usr/bin/env python3
"""Hands an archive over, and lets other programs judge what arrives.

    test_handover.py PROGRAM

Exits with 1 when a check fails.
"""
import csv, hashlib, json, logging, os, re, shutil, subprocess, sys, tempfile
import bagit, feedparser
from lxml import etree

program = os.path.abspath(sys.argv[1])
logging.disable(logging.WARNING)
failures = []
ATOM = "{http://www.w3.org/2005/Atom}"


def check(is_true, what):
    if not is_true:
        failures.append(what)
        print(f"  FAILED: {what}")


def run(*arguments, status=0):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, env={**os.environ, "FIXATIVE_API_KEY": ""})
    check(done.returncode == status, f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr[-400:]}")
    return done


def is_valid(bag):
    try:
        return bagit.Bag(bag).validate()
    except bagit.BagError as error:
        print(f"  {error}")
        return False


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()


def blob(storage, name):
    return f"{storage}/blobs/sha256/{name[:2]}/{name}"


def bags(storage, work):
    print("bags")
    listed = json.loads(run("list", "--all", "--storage", storage, "--format", "json").stdout)
    originals = {row["sha256"] for row in listed if row["state"] == "archived"}
    for name, flags in [("copied", []), ("linked", ["--link"])]:
        bag = f"{work}/{name}"
        result = json.loads(run("export", "bagit", bag, "--storage", storage, "--format", "json", *flags).stdout)
        check(is_valid(bag), f"bagit does not accept the {name} bag")
        check(set(bagit.Bag(bag).algorithms) == {"sha256", "sha512"}, "a bag has other manifests")
        info = bagit.Bag(bag).info
        check(info["Payload-Oxum"] == f"{result['bytes']}.{result['files']}", f"the bag says {info['Payload-Oxum']}")
        with open(f"{bag}/data/contents.csv", encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        check(len(rows) == len(listed), f"{len(rows)} of {len(listed)} outputs are listed")
        check({row["sha256"] for row in rows if row["file"]} == originals, "the list names other pictures than the archive")
        for row in rows:
            if row["file"]:
                check(digest(f"{bag}/{row['file']}") == row["sha256"], f"{row['file']} is not the delivered file")
                kind = {b"\x89PN": ".png", b"\xff\xd8\xff": ".jpg", b"RIF": ".webp"}[open(f"{bag}/{row['file']}", "rb").read(3)]
                check(row["file"].endswith(kind), f"{row['file']} is a {kind}")
                check(row["created"][:10] in row["file"] and row["task"] in row["file"], f"{row['file']} does not say what it is")
            with open(f"{bag}/{row['record']}") as file:
                check(json.load(file)["task"] == row["task"], f"{row['record']} is another record")
        with open(f"{bag}/README.txt") as file:
            check("contents.csv" in file.read(), "the README does not explain the bag")
        links = [os.path.samefile(f"{bag}/{row['file']}", blob(storage, row["sha256"])) for row in rows if row["file"]]
        check(all(links) if flags else not any(links), f"the {name} bag is not {name}")

    before = digest(f"{work}/copied/manifest-sha256.txt")
    again = run("export", "bagit", f"{work}/copied", "--storage", storage, status=2)
    check("not an empty folder" in again.stderr and digest(f"{work}/copied/manifest-sha256.txt") == before, "a bag is written over")
    run("export", "bagit", f"{work}/few", "--query", "fox", "--since", "2000-01-01", "--storage", storage)
    check(is_valid(f"{work}/few"), "a bag of a few is not accepted")


def killed(storage, work):
    """Killed at any moment, there is no bag, and the next run makes one."""
    print("killed")
    place = f"{work}/killed"
    trace = f"{work}/trace"
    calls = "openat,rename,write,unlink,mkdir"
    if not shutil.which("strace"):
        print("  skipped: strace is not installed")
        return
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        print("  skipped: strace is not allowed here")
        return
    # Where the bag is put together, every so many writes; the last ones are those that make it a bag.
    command = [program, "export", "bagit", place, "--storage", storage]
    subprocess.run(["strace", "-f", "-qq", "-e", f"trace={calls}", "-o", trace, *command], check=True, capture_output=True)
    check(is_valid(place), "under strace the bag is not accepted")
    with open(trace) as file:
        writes = sum("write(" in line for line in file)
    kills = 0
    for number in [*range(1, writes, max(1, writes // 12)), *range(writes - 8, writes)]:
        shutil.rmtree(place, ignore_errors=True)
        done = subprocess.run(["strace", "-f", "-qq", "-e", "trace=write", "-e", f"inject=write:signal=KILL:when={number}", "-o", trace, *command], capture_output=True)
        if done.returncode == 0:
            continue
        kills += 1
        is_bag = os.path.exists(f"{place}/bagit.txt")
        check(not is_bag or is_valid(place), f"killed at write {number}, it leaves what looks like a bag")
    print(f"  killed {kills} times")
    check(kills >= 12, "hardly any run was killed")
    shutil.rmtree(place, ignore_errors=True)
    run("export", "bagit", place, "--storage", storage)
    check(is_valid(place) and not os.path.exists(place + ".fixative-incomplete"), "after a kill the next run makes no bag")


def damaged(storage, work):
    print("damaged")
    listed = json.loads(run("list", "--all", "--storage", storage, "--format", "json").stdout)
    names = sorted({row["sha256"] for row in listed if row["state"] == "archived"})
    os.chmod(blob(storage, names[0]), 0o644)
    with open(blob(storage, names[0]), "r+b") as file:
        file.seek(100)
        file.write(b"?????")
    os.unlink(blob(storage, names[1]))
    done = run("export", "bagit", f"{work}/damaged", "--storage", storage, status=1)
    check(done.stderr.count("not handed over whole") >= 2, f"told: {done.stderr}")
    check(is_valid(f"{work}/damaged"), "what is left over is no valid bag")
    kept = {digest(os.path.join(folder, file)) for folder, _, files in os.walk(f"{work}/damaged/data/pictures") for file in files}
    check(kept == set(names[2:]), "a damaged picture is handed over, or a whole one is not")


def feeds(storage, work):
    print("feeds")
    base = "https://pictures.example.org/studio/"
    for name, flags in [("relative", []), ("absolute", ["--base-url", base])]:
        site = f"{work}/site-{name}"
        run("gallery", site, "--storage", storage, "--originals", "--title", "Studio <&> \"archive\"", *flags)
        tree = etree.parse(f"{site}/feed.xml").getroot()
        for element in [tree, *tree.findall(f"{ATOM}entry")]:
            for needed in ("id", "title", "updated"):  # RFC 4287, 4.1.1 and 4.1.2
                check(len(element.findall(ATOM + needed)) == 1, f"{name}: an {etree.QName(element).localname} has no {needed}")
            check(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", element.findtext(f"{ATOM}id")), f"{name}: {element.findtext(ATOM + 'id')}")
            for stamp in element.findall(f"{ATOM}updated") + element.findall(f"{ATOM}published"):
                check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", stamp.text), f"{name}: {stamp.text} is no date of RFC 3339")
            check(any(link.get("rel") == "alternate" for link in element.findall(f"{ATOM}link")), f"{name}: no alternate link")
        check(tree.find(f"{ATOM}author/{ATOM}name") is not None, "no author, which then each entry would need")
        ids = [entry.findtext(f"{ATOM}id") for entry in tree.findall(f"{ATOM}entry")]
        check(len(set(ids)) == len(ids), "two entries share an id")
        for link in tree.iter(f"{ATOM}link", "{http://www.w3.org/1999/xhtml}img"):
            address = link.get("href") or link.get("src")
            check(address.startswith(base) == (name == "absolute"), f"{name}: {address}")
            check(os.path.exists(f"{site}/{address.removeprefix(base)}"), f"{name}: {address} leads nowhere")
        feed = feedparser.parse(f"{site}/feed.xml")
        check(not feed.bozo and feed.version == "atom10", f"{name}: feedparser says {feed.get('bozo_exception')}")
        check(feed.feed.title_detail.value == 'Studio <&> "archive"' or "Studio" in feed.feed.title, f"{name}: titled {feed.feed.title}")
        check(0 < len(feed.entries) <= 50, f"{name}: {len(feed.entries)} entries")
        with open(f"{site}/manifest.json") as file:
            manifest = json.load(file)
        for picture in manifest["pictures"]:
            for part in ("page", "thumbnail", "preview", "original"):
                path = picture.get(part)
                path = path["path"] if isinstance(path, dict) else path
                check(path is None or os.path.exists(f"{site}/{path}"), f"the manifest names {path}")
    for wrong in ("pictures.example.org", "ftp://example.org/", "https://example.org/?a=b"):
        run("gallery", f"{work}/wrong", "--storage", storage, "--base-url", wrong, status=64)


with tempfile.TemporaryDirectory(prefix="fixative-handover-") as work:
    storage = f"{work}/storage"
    run("demo", "--tasks", "12", "--storage", storage)
    for part in (bags, killed, feeds, damaged):
        part(storage, work)

print(f"{len(failures)} failures" if failures else "all well")
sys.exit(1 if failures else 0)
