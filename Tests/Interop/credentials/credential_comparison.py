"""The rules of the comparison: our state and codes against the reference's, and both against the specification."""

import fnmatch
import json
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

from credential_deviations import STATES, unexplained
from credential_reference import KINDS

# Absent, unreadable and invalid all reject the credential; none of them is laxer than another.
RANK = {"absent": 0, "unreadable": 0, "invalid": 0, "valid": 1, "trusted": 2}
BATCH = 100


class Program:
    """Our side: `credcheck FILE...` or `fixative provenance show FILE --format json`."""

    def __init__(self, path):
        self.path = pathlib.Path(path).resolve()
        self.is_product = self.path.name.startswith("fixative")
        self.takes_many = None

    def options(self, lists, anchors=None, time_anchors=None, allowed=None, now=None):
        names = ("--trust-list", "--tsa-list", "--trust-anchors") if self.is_product else ("--signers", "--tsa", "--anchors")
        lists = pathlib.Path(lists)
        found = [names[0], lists / "C2PA-TRUST-LIST.pem", names[1], lists / "C2PA-TSA-TRUST-LIST.pem"]
        for name, value in (
            (names[2], anchors),
            ("--tsa-anchors", time_anchors),
            ("--allowed", allowed),
            ("--at" if self.is_product else "--now", now),
        ):
            found += [name, value] if value else []
        return [str(one) for one in found]

    def run(self, files, options):
        start = [self.path, "provenance", "show"] if self.is_product else [self.path]
        end = ["--format", "json"] if self.is_product else []
        done = subprocess.run([*start, *files, *options, *end], check=False, capture_output=True, text=True, timeout=300)
        return done

    def report(self, file, options):
        """The whole report of one file."""
        return json.loads(self.run([str(file)], options).stdout)

    def judge_one(self, file, options):
        done = self.run([file], options)
        try:
            return normalized(json.loads(done.stdout))
        except ValueError:
            return {
                "state": "crash",
                "error": f"exit {done.returncode}: {(done.stderr or done.stdout)[-300:]}",
                **{kind: [] for kind in KINDS},
            }

    def judge_batch(self, files, options):
        done = self.run(files, options)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if len(lines) != len(files):
            return [self.judge_one(file, options) for file in files]
        return [normalized(json.loads(line)) for line in lines]

    def judge(self, files, options):
        """The results of many files, with two processes at work."""
        files = [str(one) for one in files]
        if self.takes_many is None and len(files) > 1:
            done = self.run(files[:2], options)
            self.takes_many = sum(line.startswith("{") for line in done.stdout.splitlines()) == 2
        size = BATCH if self.takes_many else 1
        parts = [files[at : at + size] for at in range(0, len(files), size)]
        with ThreadPoolExecutor(2) as pool:
            return [one for part in pool.map(lambda part: self.judge_batch(part, options), parts) for one in part]


def normalized(report):
    report = report.get("credentials", report)
    codes = report.get("codes") or {}
    found = {kind: sorted({one["code"] for one in codes.get(kind) or []}) for kind in KINDS}
    why = [f"{one['code']}: {one.get('why') or ''}"[:160] for one in codes.get("failure") or []]
    return {"state": report.get("state", "crash"), **found, "why": why}


def expected_states(case, reference):
    """The states that we may give, and the section that says so where it differs from the reference."""
    if case.highest is not None:
        return set(case.highest.split("|")), case.section
    for name, state, section, _ in STATES:
        if fnmatch.fnmatch(case.name, name):
            return {state}, section
    return {reference["state"]}, ""


def judge_state(case, ours, reference):
    """None when all is well, else what is wrong."""
    if ours["state"] not in RANK:
        return f"crash: {ours.get('error')}"
    wanted, section = expected_states(case, reference)
    if any(RANK[ours["state"]] == RANK[one] for one in wanted):
        return None
    above = all(RANK[ours["state"]] > RANK[one] for one in wanted)
    source = f"section {section}" if section else "the reference"
    return f"{'laxer' if above else 'stricter'} than {source}: {ours['state']}, not {'/'.join(wanted)}"


def differing_codes(ours, reference):
    """The codes of only one side; our own codes (x-fixative) do not count."""
    mine = {f"{kind}:{code}" for kind in KINDS for code in ours[kind] if not code.startswith("x-fixative.")}
    theirs = {f"{kind}:{code}" for kind in KINDS for code in reference[kind]}
    return theirs - mine, mine - theirs


def judge_codes(name, codes, ours, reference):
    """None when the codes are equal or differ as the table says, else what is wrong. One of the given failures has to be there."""
    if codes and RANK[ours["state"]] == 0 and not set(codes) & set(ours["failure"]):
        return f"no failure of {codes} but {ours['failure']}"
    # An error of the reference names no codes; a store that we cannot read has only a general one.
    if "error" in reference or ours["state"] in ("unreadable", "absent") or RANK[ours["state"]] != RANK[reference["state"]]:
        return None
    theirs, mine = unexplained(name, *differing_codes(ours, reference), is_rejected=RANK[ours["state"]] == 0)
    return f"codes: only the reference {sorted(theirs)}, only ours {sorted(mine)}" if theirs or mine else None
