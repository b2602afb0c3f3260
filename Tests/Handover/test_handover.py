#!/usr/bin/env python3
"""Hands an archive over, and lets other programs judge what arrives.

    test_handover.py PROGRAM

Exits with 1 when a check fails.
"""
import collections, csv, hashlib, json, logging, os, re, shutil, subprocess, sys, tempfile
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
    originals = {row["delivered"]["sha256"] for row in listed if row["state"] == "archived"}
    for name, flags in [("copied", []), ("linked", ["--link"])]:
        bag = f"{work}/{name}"
        result = json.loads(run("export", "bagit", bag, "--storage", storage, "--format", "json", *flags).stdout)
        check(is_valid(bag), f"bagit does not accept the {name} bag")
        check(set(bagit.Bag(bag).algorithms) == {"sha256", "sha512"}, "a bag has unexpected manifests")
        info = bagit.Bag(bag).info
        check(info["Payload-Oxum"] == f"{result['bytes']}.{result['files']}", f"the bag says {info['Payload-Oxum']}")
        with open(f"{bag}/data/contents.csv", encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        check(len(rows) == len(listed), f"{len(rows)} of {len(listed)} outputs are listed")
        check({row["sha256"] for row in rows if row["file"]} == originals, "the list and the archive have different pictures")
        for row in rows:
            if row["file"]:
                check(digest(f"{bag}/{row['file']}") == row["sha256"], f"{row['file']} is not the delivered file")
                kind = {b"\x89PN": ".png", b"\xff\xd8\xff": ".jpg", b"RIF": ".webp"}[open(f"{bag}/{row['file']}", "rb").read(3)]
                check(row["file"].endswith(kind), f"{row['file']} is a {kind}")
                check(row["created"][:10] in row["file"] and row["task"] in row["file"], f"{row['file']} does not have its date and task in its name")
            with open(f"{bag}/{row['record']}") as file:
                check(json.load(file)["task"] == row["task"], f"{row['record']} is the record of another task")
        with open(f"{bag}/README.txt") as file:
            check("contents.csv" in file.read(), "the README does not explain the bag")
        links = [os.path.samefile(f"{bag}/{row['file']}", blob(storage, row["sha256"])) for row in rows if row["file"]]
        check(all(links) if flags else not any(links), f"the {name} bag is not {name}")

    before = digest(f"{work}/copied/manifest-sha256.txt")
    again = run("export", "bagit", f"{work}/copied", "--storage", storage, status=2)
    check("not an empty folder" in again.stderr and digest(f"{work}/copied/manifest-sha256.txt") == before, "a bag was overwritten")
    run("export", "bagit", f"{work}/few", "--query", "fox", "--since", "2000-01-01", "--storage", storage)
    check(is_valid(f"{work}/few"), "a bag of selected pictures is not valid")


def kills(command, prepare, rounds):
    """Runs a command again and again, killed before some write of it; yields after each kill the number of that write."""
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        print("  skipped: strace is not installed, or not allowed here")
        return
    prepare()
    with tempfile.NamedTemporaryFile("r") as trace:
        subprocess.run(["strace", "-f", "-qq", "-e", "trace=write", "-o", trace.name, *command], check=True, capture_output=True)
        # strace counts the calls of each thread by itself.
        threads = collections.Counter(line.split()[0] for line in trace if " write(" in line)
    writes = threads.most_common(1)[0][1]
    killed = 0
    for number in sorted({*range(1, writes, max(1, writes // rounds)), *range(writes - 8, writes)}):
        prepare()
        inject = ["strace", "-f", "-qq", "-e", "trace=write", "-e", f"inject=write:signal=KILL:when={number}", "-o", "/dev/null"]
        if subprocess.run([*inject, *command], capture_output=True).returncode != 0:
            killed += 1
            yield number
    print(f"  killed {killed} times")
    check(killed >= rounds // 2, "too few runs were killed")


def killed_bags(storage, work):
    """Killed at any moment, there is nothing that looks like a bag, and the next run makes one."""
    print("killed bags")
    place = f"{work}/killed"
    prepare = lambda: shutil.rmtree(place, ignore_errors=True)
    for number in kills([program, "export", "bagit", place, "--storage", storage], prepare, 12):
        is_bag = os.path.exists(f"{place}/bagit.txt")
        check(not is_bag or is_valid(place), f"killed at write {number}, it leaves an invalid bag under the final name")
    prepare()
    run("export", "bagit", place, "--storage", storage)
    check(is_valid(place) and not os.path.exists(place + ".fixative-incomplete"), "the next run after a kill makes no valid bag")


def leads_nowhere(site):
    """What the index of a gallery, its data and the pages of its pictures name and is not there."""
    def read(path):
        with open(f"{site}/{path}", encoding="utf-8") as file:
            return file.read()

    index = read("index.html")
    named = set(re.findall(r'(?:href|src)="([^":#]+)["#]', index))
    data = next(name for name in named if name.startswith("assets/data."))
    start = json.loads(read(data).removeprefix("window.fixativeStart=").rstrip(";\n")) if os.path.exists(f"{site}/{data}") else {"shards": []}
    for shard in start["shards"]:
        named.add(shard["path"])
        if os.path.exists(f"{site}/{shard['path']}"):
            text = read(shard["path"])
            for row in json.loads(text[text.index("["):text.rindex("]") + 1]):
                named |= {f"pictures/{row['name']}.html", *(row[part]["path"] for part in ("thumbnail", "preview", "original") if part in row)}
    return sorted(name for name in named if not os.path.exists(f"{site}/{name}"))


def killed_galleries(storage, work):
    """Killed at any moment, the gallery that was there is whole, and the next run brings it up to date."""
    print("killed galleries")
    (site, old, new) = (f"{work}/site", f"{work}/old", f"{work}/new")
    run("gallery", old, "--storage", storage, "--since", "2000-01-01", "--title", "Old", "--query", "a")
    run("gallery", new, "--storage", storage, "--originals", "--title", "New")
    counts = [len(os.listdir(f"{folder}/pictures")) for folder in (old, new)]
    check(0 < counts[0] < counts[1], f"the galleries have {counts} pictures, so they differ too little")

    def prepare():
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(old, site)

    for number in kills([program, "gallery", site, "--storage", storage, "--originals", "--title", "New"], prepare, 12):
        check(leads_nowhere(site) == [], f"killed at write {number}, the site lacks {leads_nowhere(site)[:3]}")
        if number % 3 == 0:
            run("gallery", site, "--storage", storage, "--originals", "--title", "New")
            same = subprocess.run(["diff", "-r", "-q", site, new], capture_output=True, text=True)
            check(same.returncode == 0, f"after a kill at write {number} the next run leaves a different site: {same.stdout[:300]}")


def damaged(storage, work):
    print("damaged")
    listed = json.loads(run("list", "--all", "--storage", storage, "--format", "json").stdout)
    names = sorted({row["delivered"]["sha256"] for row in listed if row["state"] == "archived"})
    os.chmod(blob(storage, names[0]), 0o644)
    with open(blob(storage, names[0]), "r+b") as file:
        file.seek(100)
        file.write(b"?????")
    os.unlink(blob(storage, names[1]))
    done = run("export", "bagit", f"{work}/damaged", "--storage", storage, status=1)
    check(done.stderr.count("not exported completely") >= 2, f"the damaged pictures are not reported: {done.stderr}")
    check(is_valid(f"{work}/damaged"), "the bag without the damaged pictures is not valid")
    kept = {digest(os.path.join(folder, file)) for folder, _, files in os.walk(f"{work}/damaged/data/pictures") for file in files}
    check(kept == set(names[2:]), "the bag contains a damaged picture, or lacks a whole one")


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
                check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", stamp.text), f"{name}: {stamp.text} is not a date of RFC 3339")
            check(any(link.get("rel") == "alternate" for link in element.findall(f"{ATOM}link")), f"{name}: no alternate link")
        check(tree.find(f"{ATOM}author/{ATOM}name") is not None, "the feed has no author")
        ids = [entry.findtext(f"{ATOM}id") for entry in tree.findall(f"{ATOM}entry")]
        check(len(set(ids)) == len(ids), "two entries share an id")
        for link in tree.iter(f"{ATOM}link", "{http://www.w3.org/1999/xhtml}img"):
            address = link.get("href") or link.get("src")
            check(address.startswith(base) == (name == "absolute"), f"{name}: {address}")
            check(os.path.exists(f"{site}/{address.removeprefix(base)}"), f"{name}: {address} leads to no file")
        feed = feedparser.parse(f"{site}/feed.xml")
        check(not feed.bozo and feed.version == "atom10", f"{name}: feedparser says {feed.get('bozo_exception')}")
        check(feed.feed.title_detail.value == 'Studio <&> "archive"' or "Studio" in feed.feed.title, f"{name}: the title is {feed.feed.title}")
        check(0 < len(feed.entries) <= 50, f"{name}: {len(feed.entries)} entries")
        with open(f"{site}/manifest.json") as file:
            manifest = json.load(file)
        for picture in manifest["pictures"]:
            for part in ("page", "thumbnail", "preview", "original"):
                path = picture.get(part)
                path = path["path"] if isinstance(path, dict) else path
                check(path is None or os.path.exists(f"{site}/{path}"), f"the manifest names {path}, which does not exist")
    for wrong in ("pictures.example.org", "ftp://example.org/", "https://example.org/?a=b"):
        run("gallery", f"{work}/wrong", "--storage", storage, "--base-url", wrong, status=64)


with tempfile.TemporaryDirectory(prefix="fixative-handover-") as work:
    storage = f"{work}/storage"
    run("demo", "--tasks", "12", "--storage", storage)
    for part in (bags, killed_bags, killed_galleries, feeds, damaged):
        part(storage, work)

print(f"{len(failures)} failures" if failures else "all well")
sys.exit(1 if failures else 0)
