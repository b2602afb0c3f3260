"""Computes a claim from the records of an archive alone, and compares it with a claim's folder that `audit claim` wrote.

The amounts are those of billing.py, which shares no code with the audit. The letter, the table and the digests are read as a vendor
reads them. Ends with `claims lines N figures N differ N pass|fall`.

    claims.py STORAGE CLAIM_FOLDER [--base-price P] [--credit-price P] [--currency NAME] [--without CLAIM_CSV]
"""

import argparse
import collections
import csv
import hashlib
import pathlib
import re
import sys
from decimal import ROUND_HALF_EVEN, Decimal

import billing

CENT = Decimal("0.01")


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def key(row):
    return row["task"], int(row["index"]) if row["index"] else None


def compare_lines(check, sheet, calls, prices, without):
    """Every call that is owed something has a line, and nothing else has one."""
    owed = {}
    for call in calls:
        figure = billing.judge(call, prices)
        if figure.get("refund") and (call.task, call.index) not in without:
            owed[call.task, call.index] = (call, figure)
    check.equal("claimed outputs", sorted(owed, key=str), sorted((key(row) for row in sheet), key=str))
    for row in sheet:
        call, figure = owed.get(key(row), (None, {}))
        if call is None:
            continue
        name = f"of {call.task} {call.index}"
        for column, value in (("charged_exact", figure["paid"]), ("owed_exact", figure["refund"])):
            check.equal(f"{column} {name}", value, row[column])
        check.equal(f"unit {name}", figure["unit"], row["unit"])
        check.equal(f"reason {name}", "; ".join(figure["reasons"]), row["reason"])
        for column, exact in (("charged", figure["paid"]), ("owed", figure["refund"])):
            check.equal(f"{column} {name} within a cent", True, abs(Decimal(row[column]) - exact) < CENT)
    return owed


def compare_sums(check, owed, sheet, letter):
    """The lines of the sheet add up to the rounded sums, and the letter states these."""
    for column, name in (("charged", "paid"), ("owed", "refund")):
        sums, shown = collections.Counter(), collections.Counter()
        for _, figure in owed.values():
            sums[figure["unit"]] += figure[name]
        for row in sheet:
            shown[row["unit"]] += Decimal(row[column])
        for unit, total in sums.items():
            rounded = total.quantize(CENT, ROUND_HALF_EVEN)
            check.equal(f"sum of {column} in {unit}", rounded, shown[unit])
            check.equal(f"{column} {rounded:,.2f} {unit} in the letter", True, f"{rounded:,.2f} {unit}" in letter)
    table = re.search(r"## By reason\n\n(.*?)\n\n", letter, re.S)
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()[2:]]
    parts = collections.Counter()
    for title, _, amount in lines:
        value, unit = amount.replace(",", "").split(" ")
        if title == "Owed":
            check.equal(f"reasons in {unit}", Decimal(value), parts[unit])
        else:
            parts[unit] += Decimal(value)


def compare_files(check, folder, sheet):
    """Every file has its digest, the evidence of each line is there, and the delivered picture is among it."""
    listed = {}
    for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        listed[line[66:]] = line[:64]
    found = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*")
             if path.is_file() and path != folder / "SHA256SUMS"}
    check.equal("files", sorted(found), sorted(listed))
    check.equal("digests", found, listed)
    evidence = [digest for name, digest in found.items() if name.startswith("evidence/") and not name.endswith("SHA256SUMS")]
    check.equal("files that are there twice", 0, len(evidence) - len(set(evidence)))
    for row in sheet:
        place = folder / row["evidence"]
        sums = dict(line.split("  ", 1)[::-1] for line in (place / "SHA256SUMS").read_text(encoding="utf-8").splitlines())
        for name, digest in sums.items():
            check.equal(f"{row['evidence']}/{name}", digest, hashlib.sha256((place / name).read_bytes()).hexdigest())
        if row["sha256"]:
            check.equal(f"the picture of {row['task']}", True, row["sha256"] in sums.values())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("storage")
    parser.add_argument("claim", type=pathlib.Path)
    parser.add_argument("--base-price", type=Decimal)
    parser.add_argument("--credit-price", type=Decimal)
    parser.add_argument("--currency")
    parser.add_argument("--without", help="the table of an earlier claim, whose outputs must be left out")
    options = parser.parse_args()
    calls, tasks = billing.read(options.storage)
    check = billing.Check()
    sheet = rows(options.claim / "claim.csv")
    without = {key(row) for row in rows(options.without)} if options.without else set()
    owed = compare_lines(check, sheet, calls, billing.Prices(options, tasks), without)
    compare_sums(check, owed, sheet, (options.claim / "claim.md").read_text(encoding="utf-8"))
    compare_files(check, options.claim, sheet)
    passes = check.differ == 0 and len(sheet) > 0
    print(f"claims lines {len(sheet)} figures {check.figures} differ {check.differ} {'pass' if passes else 'fall'}")
    sys.exit(0 if passes else 1)


if __name__ == "__main__":
    main()
