"""Holds our verifier of Content Credentials against c2pa-python, and both against what the specification says of each case.

    credentials.py --program CREDCHECK [--corpus FOLDER] [--lists FOLDER] [--keep FOLDER] [--random 3000] [--only TEXT]
    credentials.py --write FOLDER      writes the files, the anchors and `manifest.json` and compares nothing

Ends with one line a check, and with `N passed, N failed`. `Tests/Interop/run` installs the peers and starts this.
"""

import argparse
import collections
import importlib
import json
import pathlib
import shutil
import sys
import tempfile

import credential_cases_vendor
import credential_certificates as certificates
from credential_clock import clocks, with_lists
from credential_comparison import RANK, Program, expected_states, judge_codes, judge_state
from credential_facts import differing
from credential_random import random_damage
from credential_reference import MEDIA, Reference

MODULES = [
    "credential_cases_signed",
    "credential_cases_store",
    "credential_cases_hashes",
    "credential_cases_boxes",
    "credential_cases_ingredients",
    "credential_cases_older",
    "credential_cases_cose",
    "credential_cases_certificates",
    "credential_cases_times",
    "credential_cases_files",
    "credential_cases_boxhash",
    "credential_cases_vendor",
]


def write_anchors(folder):
    """The anchors of the test: the roots of signers and of time stamps, and one certificate for the private store."""
    root, _, times = certificates.roots()
    paths = {name: folder / f"{name}.pem" for name in ("anchors", "tsa-anchors", "allowed")}
    paths["anchors"].write_text(certificates.pem(root.certificate))
    paths["allowed"].write_text(certificates.pem(certificates.stranger().certificate))
    paths["tsa-anchors"].write_text(certificates.pem(times.certificate))
    return paths


def cases(only=""):
    """Every named case of every module, each name once."""
    seen = set()
    for module in MODULES:
        for group in importlib.import_module(module).GROUPS:
            for case in group():
                if case.name in seen:
                    raise ValueError(f"two cases have the name {case.name}")
                seen.add(case.name)
                if only in case.name:
                    yield f"{module.removeprefix('credential_cases_')}.{group.__name__}", case


def write(folder, lists, corpus):
    credential_cases_vendor.CORPUS = corpus
    final, folder = folder, folder.with_name(folder.name + ".new")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    anchors = write_anchors(folder)
    reference = Reference(lists, anchors["anchors"], anchors["tsa-anchors"])
    entries = []
    for group, case in cases():
        path = folder / f"{case.name}{case.suffix}"
        path.write_bytes(case.data)
        entries.append(
            {
                "name": case.name,
                "group": group,
                "file": path.name,
                "reference": reference.judge(case.data, MEDIA[case.suffix]),
                "specification": {
                    "allowedStates": case.highest.split("|") if case.highest else None,
                    "section": case.section,
                    "oneOfTheseFailures": list(case.codes),
                },
            }
        )
    for path in sorted(corpus.glob("*.*")) if corpus and corpus.is_dir() else []:
        if path.suffix in MEDIA:
            entries.append(
                {
                    "name": f"corpus-{path.stem}",
                    "group": "corpus",
                    "file": str(path),
                    "reference": reference.judge(path.read_bytes(), MEDIA[path.suffix]),
                }
            )
    (folder / "manifest.json").write_text("[\n" + ",\n".join(json.dumps(one) for one in entries) + "\n]\n")
    shutil.rmtree(final, ignore_errors=True)
    folder.rename(final)
    print(f"credentials: {len(entries)} files in {final}")


def compare(program, folder, lists, keep, corpus, only=""):
    """The named cases. Returns the lines of the two checks and prints each difference."""
    credential_cases_vendor.CORPUS = corpus
    anchors = write_anchors(folder)
    reference = Reference(lists, anchors["anchors"], anchors["tsa-anchors"])
    every = list(cases(only))
    for _, case in every:
        (folder / f"{case.name}{case.suffix}").write_bytes(case.data)
    options = program.options(lists, anchors["anchors"], anchors["tsa-anchors"])
    results = program.judge([folder / f"{case.name}{case.suffix}" for _, case in every], options)
    states, codes, table = Check("states"), Check("codes"), []
    for (group, case), ours in zip(every, results):
        theirs = reference.judge(case.data, MEDIA[case.suffix])
        wrong_state = judge_state(case, ours, theirs)
        wrong_codes = None if wrong_state else judge_codes(case.name, case.codes, ours, theirs)
        states.case(case.name, wrong_state, ours, theirs)
        if not wrong_state:
            codes.case(case.name, wrong_codes, ours, theirs)
        if RANK.get(ours["state"], -1) != RANK[theirs["state"]] and not wrong_state:
            table.append((case.name, theirs, ours, expected_states(case, theirs)[1]))
        if wrong_state or wrong_codes:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{case.name}{case.suffix}").write_bytes(case.data)
    for name, theirs, ours, section in table:
        print(f"credentials listed {name}: reference {theirs['state']}, ours {ours['state']}, section {section}")
    return [states, codes]


class Check:
    """Counts cases, and prints those that differ."""

    def __init__(self, name):
        self.name, self.cases, self.differ = name, 0, 0

    def case(self, title, problem, ours, theirs):
        self.cases += 1
        if problem:
            self.differ += 1
            print(
                f"credentials {self.name} {title}: {problem}; ours {ours['state']} {ours['failure']}, "
                f"reference {theirs['state']} {theirs['failure'] or theirs.get('error', '')}"
            )

    def line(self):
        passes = self.differ == 0 and self.cases > 0
        print(f"interop credentials-{self.name} cases {self.cases} differ {self.differ} {'pass' if passes else 'fall'}")
        return passes


def compare_table(name, rows):
    """Rows of title, ours, reference and the state by hand. The reference is only shown."""
    check = Check(name)
    for title, ours, theirs, state in rows:
        check.case(title, None if RANK.get(ours["state"], -1) == RANK[state] else f"not {state}", ours, theirs)
    return check


def compare_corpus(program, corpus, lists):
    """Every signed file of the corpus: state and codes equal to the reference's."""
    reference, check = Reference(lists), Check("corpus")
    files = [path for path in sorted(corpus.glob("*.*")) if path.suffix in MEDIA]
    for path, ours in zip(files, program.judge(files, program.options(lists))):
        theirs = reference.judge(path.read_bytes(), MEDIA[path.suffix])
        problem = "another state" if ours["state"] != theirs["state"] else judge_codes(path.name, (), ours, theirs)
        check.case(path.name, problem, ours, theirs)
    return check


def compare_facts(program, folder, lists, corpus):
    """What the reports say about accepted files."""
    check = Check("facts")
    anchors = folder / "anchors.pem", folder / "tsa-anchors.pem"
    reference, options = Reference(lists, *anchors), program.options(lists, *anchors)
    names = (
        "right-*",
        "ingredient-parent.png",
        "ingredient-component-placed.png",
        "update-note.png",
        "time-fraction.png",
        "certificate-name-long.png",
    )
    for path in [*(one for name in names for one in sorted(folder.glob(name))), *sorted(corpus.glob("*.png") if corpus.is_dir() else [])]:
        theirs = reference.judge(path.read_bytes(), MEDIA[path.suffix])
        if theirs["state"] not in ("valid", "trusted"):
            continue
        problems = differing(program.report(path, options), reference.report(path.read_bytes(), MEDIA[path.suffix]))
        check.case(path.name, "; ".join(problems), {"state": "", "failure": []}, theirs)
    return check


def compare_random(program, folder, lists, count, keep, seed):
    check, tally = Check("random"), collections.Counter()
    names = [
        "right-es256-jpeg",
        "right-es256-png",
        "right-ps256-png",
        "right-ps384-webp",
        "right-ed25519-webp",
        "right-jpeg-small-segments",
        "right-v1-stamped-png",
        "ingredient-parent",
        "update-right",
        "ocsp-good-delegated",
        "time-right-ended",
    ]
    sources = [path for name in names for path in folder.glob(f"{name}.*")]
    anchors = [folder / "anchors.pem", folder / "tsa-anchors.pem"]
    for counts, kept in random_damage(program, lists, anchors, sources, count, keep, seed):
        tally += counts
        for outcome, path, ours, theirs in kept:
            problem = outcome if outcome in ("laxer", "crash") else None
            if problem:
                check.case(path, problem, ours, theirs)
            else:
                print(
                    f"credentials random stricter {path}: ours {ours['state']} {ours['failure']} {ours.get('why')}, "
                    f"reference {theirs['state']}"
                )
    check.cases = sum(tally.values())
    print(f"credentials random: {dict(tally)}")
    return check


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=pathlib.Path)
    parser.add_argument("--write", type=pathlib.Path)
    parser.add_argument("--corpus", type=pathlib.Path, default=pathlib.Path("../shared/corpus"))
    parser.add_argument("--lists", type=pathlib.Path, default=pathlib.Path("../shared/c2pa"))
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path(".build/credentials-differences"))
    parser.add_argument("--random", type=int, default=3000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    if arguments.write:
        return write(arguments.write, arguments.lists, arguments.corpus)
    program = Program(arguments.program)
    with tempfile.TemporaryDirectory(prefix="credentials-") as scratch:
        folder = pathlib.Path(scratch)
        checks = compare(program, folder, arguments.lists, arguments.keep, arguments.corpus, arguments.only)
        if not arguments.only:
            checks.append(compare_facts(program, folder, arguments.lists, arguments.corpus))
            checks.append(compare_table("lists", with_lists(program, folder, arguments.lists)))
            if arguments.corpus.is_dir():
                checks.append(compare_corpus(program, arguments.corpus, arguments.lists))
                checks.append(compare_table("clock", clocks(program, arguments.corpus, arguments.lists)))
            if arguments.random:
                checks.append(compare_random(program, folder, arguments.lists, arguments.random, arguments.keep, arguments.seed))
        if arguments.keep.is_dir():
            # The kept files can be judged again only with the anchors of this run.
            for path in folder.glob("*.pem"):
                shutil.copy(path, arguments.keep)
    passes = [check.line() for check in checks]
    failed = sum(check.differ for check in checks)
    print(f"{sum(check.cases for check in checks) - failed} passed, {failed} failed")
    sys.exit(0 if all(passes) else 1)


if __name__ == "__main__":
    main()
