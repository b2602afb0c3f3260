#!/usr/bin/env python3
"""Changes our code in small ways that break a promise, and says which changes no test notices.

    Tests/Mutants/run [--only REGEX] [--no-build] [--list] [--check]

All changes are compiled into one copy of the sources, behind a switch; then the tests of each run with that change chosen. Each
change that no test notices is printed, and at the end `mutants N killed N equivalent N open N`. The exit code is 1 if more than 5 %
of those that are not equivalent are open, and 2 if the tests can't be run.
"""
import argparse
import json
import re
import sys
import time

sys.dont_write_bytecode = True

import entry  # noqa: E402
import runner  # noqa: E402
import tree  # noqa: E402

# The part of the mutants that may be open.
MOST_OPEN = 0.05


def main():
    arguments = parsed()
    mutants = entry.load()
    faults = entry.faults(mutants)
    if faults:
        print("\n".join(faults), file=sys.stderr)
        return 2
    chosen = [mutant for mutant in mutants if re.search(arguments.only, mutant.id) or re.search(arguments.only, mutant.path)]
    if arguments.list or arguments.check:
        if arguments.list:
            show(chosen)
        print(f"{len(chosen)} mutants, {sum(bool(mutant.equivalent) for mutant in chosen)} of them equivalent")
        return 0
    try:
        return judge(chosen, mutants, arguments)
    except runner.Failed as failure:
        print(failure, file=sys.stderr)
        return 2


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", metavar="REGEX", help="only mutants whose id or file fits")
    parser.add_argument("--no-build", action="store_true", help="use the last build")
    parser.add_argument("--list", action="store_true", help="print the mutants and end")
    parser.add_argument("--check", action="store_true", help="check the list and end")
    parser.add_argument("--scratch", default=str(entry.ROOT / ".build/mutants"), help="the folder of the copy and its build")
    return parser.parse_args()


def show(mutants):
    for mutant in mutants:
        reason = f" (equivalent: {mutant.equivalent})" if mutant.equivalent else ""
        print(f"{mutant.id} {mutant.path}:{entry.line(mutant)} {mutant.promise}{reason}")


def judge(chosen, mutants, arguments):
    scratch = runner.prepared(arguments.scratch)
    source, build = scratch / "source", scratch / "build"
    numbers = {mutant.id: number for number, mutant in enumerate(mutants, 1)}
    made = {mutant.id: [numbers[mutant.id], mutant.path, mutant.old, mutant.new] for mutant in mutants}
    note = scratch / "numbers.json"
    if not arguments.no_build:
        tree.make(source, mutants, numbers)
        runner.build(source, build)
        note.write_text(json.dumps(made))
    elif not note.exists() or any(json.loads(note.read_text()).get(mutant.id) != made[mutant.id] for mutant in chosen):
        raise runner.Failed("the list has changed since the last build; run without --no-build")
    program = runner.test_program(build)
    begun = time.monotonic()
    live = [mutant for mutant in chosen if not mutant.equivalent]
    seconds = runner.baseline(program, source, live)
    print(f"{len(seconds)} groups of tests pass without a mutant ({time.monotonic() - begun:.0f} s)", flush=True)
    opened = []
    for number, (mutant, result) in enumerate(runner.results(program, source, live, numbers, seconds), 1):
        word = "time-out" if result.timed_out else "open" if result.passed else "killed"
        print(f"{number}/{len(live)} {mutant.id} {word} {result.seconds:.1f} s", file=sys.stderr, flush=True)
        if result.passed:
            opened.append(mutant)
    for mutant in opened:
        print(f"open {mutant.id} {mutant.path}:{entry.line(mutant)} {mutant.promise}")
    equivalent = len(chosen) - len(live)
    print(f"mutants {len(chosen)} killed {len(live) - len(opened)} equivalent {equivalent} open {len(opened)}")
    return 1 if len(opened) > MOST_OPEN * len(live) else 0


if __name__ == "__main__":
    sys.exit(main())
