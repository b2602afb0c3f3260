#!/usr/bin/env python3
"""What the service measures, read by Prometheus' own Python parser.

    test_metrics.py PROGRAM

Exits with 1 when a check fails.
"""
import collections, math, os, sqlite3, sys, tempfile, time
from prometheus_client.parser import text_string_to_metric_families
from service import ask, service, upstream

program = os.path.abspath(sys.argv[1])
failures = []


def check(is_true, what):
    if not is_true:
        failures.append(what)
        print(f"  FAILED: {what}")


def read(text):
    """Families by name; none may come twice."""
    families = {}
    for family in text_string_to_metric_families(text):
        check(family.name not in families, f"{family.name} appears twice")
        families[family.name] = family
    return families


def scrape(url):
    start = time.monotonic()
    status, headers, body = ask(f"{url}/metrics")
    check(status == 200, f"/metrics answers {status}")
    check(headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", headers["Content-Type"])
    return read(body.decode()), time.monotonic() - start


def values(family, label):
    return {sample.labels[label]: sample.value for sample in family.samples}


def value(family):
    check(len(family.samples) == 1, f"{family.name} has {len(family.samples)} samples")
    return family.samples[0].value


def hostile_text():
    """The file that the Swift tests compare with to the letter, as another program reads it."""
    print("hostile text")
    with open("Tests/TelemetryTests/Fixtures/hostile.prom", encoding="utf-8") as file:
        families = read(file.read())
    check(families["fixative_odd"].documentation == 'What \\ is \n "odd".', families["fixative_odd"].documentation)
    labels = [sample.labels for sample in families["fixative_odd"].samples]
    check(labels == [{"_9th": "1", "le": "0.5", "path": 'C:\\new "folder"\nünter'}, {"path": ""}], f"{labels}")
    buckets = {sample.labels.get("le"): sample.value for sample in families["lag_seconds"].samples if sample.name.endswith("_bucket")}
    check(buckets["0.005"] == 1 and buckets["600"] == 2 and buckets["+Inf"] == 3, f"{buckets}")
    check(value(families["queue_depth"]) == math.inf, "infinity is not read")


def histograms(families):
    """The rules of a histogram: bounds ascend, counts do not fall, the last is the count, every set of labels has all of them."""
    for family in families.values():
        if family.type != "histogram":
            continue
        series = collections.defaultdict(list)
        sums = {}
        for sample in family.samples:
            key = tuple(sorted((name, text) for name, text in sample.labels.items() if name != "le"))
            if sample.name.endswith("_bucket"):
                series[key].append((float(sample.labels["le"]), sample.value))
            else:
                sums[key, sample.name[len(family.name):]] = sample.value
        check(series, f"{family.name} is empty")
        for key, buckets in series.items():
            check(buckets == sorted(buckets) and len({bound for bound, _ in buckets}) == len(buckets), f"{family.name} {buckets}")
            check([count for _, count in buckets] == sorted(count for _, count in buckets), f"{family.name} has falling counts")
            check(buckets[-1] == (math.inf, sums[key, "_count"]), f"{family.name} {key} has a count that differs from its last bucket")
            check(sums[key, "_sum"] >= 0, f"{family.name} {key} has a negative sum")


def of_the_service(storage):
    print("the service")
    with upstream(program, "--tasks", "12", "--faults", "hostile") as source:
        with service(program, storage, source) as (running, url):
            running.wait_for(r"archived +\S+", times=5)
            check(ask(f"{url}/metrics", token=None)[0] == 401, "/metrics is open to all")
            for path in ["/healthz", "/nowhere/at-all", "/api/outputs/nobody-0", "/hooks/secret-that-is-not-it"]:
                ask(f"{url}{path}")
            families, _ = scrape(url)
            histograms(families)
            for name, family in families.items():
                check(family.documentation, f"{name} has no help")
                check(name.startswith(("fixative_", "process_")), f"{name} has an unknown prefix")
                check(all(set(sample.labels.values()) != {"other"} for sample in family.samples), f"{name} has too many labels")
            routes = values(families["fixative_http_requests"], "route")
            check({"/healthz", "/metrics", "/api/outputs/{name}", "none"} <= set(routes), f"{routes}")
            check(not any("nobody" in route or "secret-that" in route for route in routes), f"{routes}")
            counted = sum(values(families["fixative_ended_outputs"], "outcome").values())
            check(counted >= 5, f"{counted} outputs have ended")
            stages = {sample.labels["stage"] for sample in families["fixative_stage_duration_seconds"].samples}
            check(stages == {"resolve", "download", "inspect", "file"}, f"{stages}")
            for stage in stages:
                check(any(sample.value > 0 for sample in families["fixative_stage_duration_seconds"].samples
                          if sample.name.endswith("_count") and sample.labels["stage"] == stage), f"{stage} was never timed")
            check(value(families["fixative_downloaded_bytes"]) > 100_000, "too few bytes were downloaded")
            check(value(families["process_resident_memory_bytes"]) > 1 << 20, "the resident memory is too small")
            check(abs(value(families["process_start_time_seconds"]) - time.time()) < 120, "the start time is wrong")
            check(value(families["fixative_catalog_up"]) == 1, "the catalog is down")
            text = ask(f"{url}/metrics")[2].decode()
            check("sk-never" not in text and "sig=" not in text, "a secret is shown")
        # What is counted by the catalog is the same in the next life, and what SQL counts.
        with service(program, storage, "http://127.0.0.1:1") as (running, url):
            families, _ = scrape(url)
            rows = dict(sqlite3.connect(f"file:{storage}/catalog.sqlite?mode=ro", uri=True).execute(
                "SELECT state, COUNT(*) FROM output GROUP BY 1").fetchall())
            shown = {state: count for state, count in values(families["fixative_outputs"], "state").items() if count}
            check(shown.get("archived", 0) >= 5, f"{shown}")
            for state in ["archived", "unavailable"]:
                check(shown.get(state, 0) == rows.get(state, 0), f"{state}: the metric says {shown}, the catalog says {rows}")
            verdicts = dict(sqlite3.connect(f"file:{storage}/catalog.sqlite?mode=ro", uri=True).execute(
                "SELECT verdict, COUNT(*) FROM output WHERE state = 'archived' GROUP BY 1").fetchall())
            given = {verdict: count for verdict, count in values(families["fixative_archived_outputs"], "verdict").items() if count}
            check(given == verdicts, f"the metric says {given}, the catalog says {verdicts}")
            odd = sum(count for verdict, count in verdicts.items() if verdict not in ("exact", "accepted", "unrequested", "unread"))
            check(value(families["fixative_mismatched_outputs"]) == odd, "the metric of mismatches is wrong")
            check(sum(values(families["fixative_ended_outputs"], "outcome").values()) == 0, "a counter survived the restart")


hostile_text()
with tempfile.TemporaryDirectory() as work:
    of_the_service(f"{work}/storage")
print(f"metrics: {len(failures)} checks failed" if failures else "metrics: all checks hold")
sys.exit(1 if failures else 0)
