"""Computes what an account was charged and what is owed, from the records of an archive alone, and compares it with the audit.

It shares no code with the audit: it reads the raw task JSON and the delivered pixels of each record, and computes with decimals.
Ends with `billing outputs N figures N differ N pass|fall`.

    billing.py STORAGE AUDIT_JSON [--base-price P] [--credit-price P] [--currency NAME] [--net]
"""

import argparse
import collections
import json
import pathlib
import re
import sys
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

CLASSES = ["1K", "2K", "4K"]
FACTOR = {"1K": Decimal("1"), "2K": Decimal("1.7"), "4K": Decimal("2.6")}
RATIOS = {"1:1", "2:1", "3:1", "3:2", "4:3", "5:4", "16:9", "21:9"}
RATIOS |= {":".join(reversed(ratio.split(":"))) for ratio in RATIOS}
MILLIONTH = Decimal("0.000001")
SHOWN = 10
REFUSED = ["policy", "moderation", "safety", "sensitive", "nsfw", "invalid_request", "invalid_param", "image_download_failed"]


# What the records say


def records(storage):
    for path in pathlib.Path(storage, "records").glob("[0-9]*/**/*.json"):
        yield json.loads(path.read_text(encoding="utf-8", errors="surrogatepass"), parse_float=Decimal)


def requested(request):
    """The price class of a request, if it names a size."""
    size = ((request or {}).get("size") or "").strip()
    if (request or {}).get("size") is None:
        return None
    if size.lower() in ("", "auto"):
        return "1K"
    if ":" in size:
        tier = (request.get("resolution") or "1K").strip().upper() or "1K"
        return tier if size.replace(" ", "") in RATIOS and tier in CLASSES else None
    if found := re.fullmatch(r"(\d+)\s*[xX×]\s*(\d+)", size):
        return bucket(int(found[1]), int(found[2]))
    return None


def bucket(width, height):
    pixels = width * height
    return "1K" if pixels <= 1_700_000 else "2K" if pixels <= 4_400_000 else "4K"


def number(value):
    if isinstance(value, str):
        value = Decimal(value) if re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d{1,2})?", value) else None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    return Decimal(value) if 0 <= value <= 1_000_000_000 else None


def recorded(answer):
    """The charge as the upstream states it: the amount and its unit."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    usage = usage if isinstance(usage, dict) else {}
    cost = usage.get("cost") if isinstance(usage.get("cost"), dict) else {}
    for value, unit in ((usage.get("credits_used"), "credits"), (cost.get("credits"), "credits"), (cost.get("usd"), "USD")):
        if (amount := number(value)) is not None:
            return amount, unit
    return None


Call = collections.namedtuple("Call", "task index parts model requested charge kind tier cause")


def read(storage):
    outputs, tasks = [], []
    for record in records(storage):
        (outputs if record["format"].startswith("fixative.output/") else tasks).append(record)
    parts = collections.Counter(record["task"] for record in outputs)
    calls, answers = [], {}
    for record in outputs:
        answers[record["task"]] = record
        verdict = (record.get("judgement") or {}).get("verdict")
        picture, cause = record.get("picture"), record.get("cause")
        if record["state"] == "unavailable":
            kind, tier = "lost", None
            cause = {"vendor": "vendor", "ours": "ours", "person": "ours"}.get(cause, "ours" if record.get("original") else "unknown")
        elif verdict == "undecodable":
            kind, tier = "noPicture", None
            cause = {"vendor": "vendor", None: "vendor", "ours": "ours", "person": "ours"}.get(cause, "unknown")
        elif picture and verdict != "unread":
            kind, tier, cause = "picture", bucket(picture["width"], picture["height"]), None
        else:
            kind, tier, cause = "file", None, None
        calls.append(Call(record["task"], record["index"], parts[record["task"]], model(record), requested(record.get("request")),
                          recorded(record.get("taskJSON")), kind, tier, cause))
    for record in tasks:
        if record["task"] in parts or record["state"] not in ("failed", "cancelled", "unavailable"):
            continue
        answers[record["task"]] = record
        answer = record.get("taskJSON") or {}
        error = answer.get("error") if isinstance(answer.get("error"), dict) else {}
        words = f"{error.get('code')} {error.get('type')}".lower()
        if record["state"] == "unavailable":
            kind, cause = "lost", {"vendor": "vendor", "ours": "ours", "person": "ours"}.get(record.get("cause"), "unknown")
        else:
            kind, cause = "failed", "ours" if any(word in words for word in REFUSED) else "vendor"
        calls.append(Call(record["task"], None, 1, model(record), requested(record.get("request")), recorded(answer), kind, None, cause))
    return calls, [answers[task] for task in answers]


def model(record):
    answer = record.get("taskJSON")
    return (record.get("request") or {}).get("model") or (answer.get("model") if isinstance(answer, dict) else None) or ""


# Prices


def learn(tasks):
    charges = collections.defaultdict(list)
    for record in tasks:
        charge = recorded(record.get("taskJSON"))
        if charge and charge[0] > 0:
            charges[model(record), charge[1]].append((charge[0], requested(record.get("request"))))
    prices = {}
    for source, known in charges.items():
        best = None
        for base in {exact for amount, _ in known for tier in CLASSES if (exact := quotient(amount, FACTOR[tier])) is not None}:
            table = {tier: price(base, tier, source[1]) for tier in CLASSES}
            explained = [(tier, asked) for amount, asked in known for tier in CLASSES if table[tier] == amount]
            rank = (len(explained), sum(tier == asked for tier, asked in explained), base)
            best = max(best or rank, rank)
        if len(known) >= 5 and best and best[0] * 10 >= len(known) * 9:
            prices[source] = best[2]
    return prices


def price(base, tier, unit):
    """The price of a class as the upstream would record it: dollars have four places."""
    exact = base * FACTOR[tier]
    return exact.quantize(Decimal("0.0001"), ROUND_HALF_UP) if unit == "USD" else exact


def quotient(amount, factor):
    """The quotient if it is a finite decimal."""
    exact = Fraction(amount) / Fraction(factor)
    rest = exact.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return Decimal(exact.numerator) / Decimal(exact.denominator) if rest == 1 else None


def share(amount, index, parts):
    """Equal shares in millionths; the remainder goes to the first results."""
    if parts == 1:
        return amount
    each = (amount / parts).quantize(MILLIONTH, ROUND_DOWN)
    rest = amount - each * parts
    whole = int(rest / MILLIONTH)
    return each + (MILLIONTH if index < whole else 0) + (rest - whole * MILLIONTH if index == 0 else 0)


class Prices:
    def __init__(self, options, tasks):
        self.credit = options.credit_price
        self.currency = (options.currency or "USD").upper()
        self.given = options.base_price
        self.given_unit = "credits" if self.credit or not options.currency else self.currency
        # Nothing needs to be learned if every model has a price in credits.
        self.learned = {} if self.given and self.given_unit == "credits" else learn(tasks)
        units = {charge[1] for task in tasks if (charge := recorded(task.get("taskJSON")))}
        self.unit = self.currency if self.credit else self.given_unit if self.given else units.pop() if len(units) == 1 else "credits"

    def base(self, name, unit):
        """A model's base price in a unit, and its origin."""
        if self.given:
            if self.given_unit == unit:
                return self.given, "computed"
            if self.credit and self.given_unit == "credits" and unit == self.currency:
                return self.given * self.credit, "computed"
        if (name, unit) in self.learned:
            return self.learned[name, unit], "learned"
        if self.credit and unit == self.currency and (name, "credits") in self.learned:
            return self.learned[name, "credits"] * self.credit, "learned"
        return None

    def convert(self, amount, name, unit):
        if unit == self.unit or unit != "credits":
            return amount, unit
        if self.credit:
            return amount * self.credit, self.unit
        if self.given and self.given_unit == self.unit and (name, "credits") in self.learned:
            return (amount * self.given / self.learned[name, "credits"]).quantize(MILLIONTH, ROUND_HALF_EVEN), self.unit
        return amount, unit


def judge(call, prices):
    figure = {"origin": "unknown", "finding": "unknown", "cause": call.cause, "billedTier": None, "requestedTier": call.requested}
    if call.charge:
        amount, unit = call.charge
        base = prices.base(call.model, unit)
        figure["origin"] = "recorded"
        table = {tier: price(base[0], tier, unit) for tier in CLASSES} if base else {}
        tier = next((tier for tier in table if table[tier] == amount), None)
        figure["billedTier"] = tier
        if amount == 0:
            figure["finding"] = "undercharged" if call.kind in ("picture", "file") else "as-priced"
        elif base:
            order = CLASSES.index(tier) - CLASSES.index(call.requested) if tier and call.requested else 0
            figure["finding"] = ("unexplained" if not tier else "overcharged" if order > 0 else "undercharged" if order < 0
                                 else "as-priced")
    else:
        unit = prices.unit
        base = prices.base(call.model, unit)
        if not base or not call.requested or call.index is None:
            return figure
        table = {tier: base[0] * FACTOR[tier] for tier in CLASSES}
        amount, figure["origin"] = table[call.requested], base[1]

    def part(value):
        return share(prices.convert(value, call.model, unit)[0], call.index or 0, call.parts)

    figure["unit"] = prices.convert(amount, call.model, unit)[1]
    paid = figure["paid"] = part(amount)
    zero = Decimal(0)
    figure |= {"refund": zero, "overcharge": zero, "undelivered": zero, "undercharge": zero, "refundOrigin": figure["origin"], "reasons": []}
    if call.kind == "picture":
        if not base:
            for name in ("refund", "overcharge", "undelivered", "undercharge", "refundOrigin", "reasons"):
                del figure[name]
            return figure
        worth = part(table[call.tier])
        figure["refundOrigin"] = base[1]
        figure["refund"] = max(zero, paid - worth)
        if call.requested:
            asked = part(table[call.requested])
            figure["overcharge"] = min(figure["refund"], max(zero, paid - asked))
            figure["undercharge"] = max(zero, min(asked, worth) - paid)
        figure["undelivered"] = figure["refund"] - figure["overcharge"]
        figure["reasons"] = [name for name, key in (("overcharged", "overcharge"), ("undelivered", "undelivered")) if figure[key] > 0]
    elif call.kind != "file" and call.cause == "vendor" and paid > 0:
        figure["refund"], figure["reasons"] = paid, [call.kind]
    return figure


# The comparison


class Check:
    def __init__(self):
        self.figures = self.differ = 0

    def equal(self, title, ours, theirs):
        """`ours` is this program's figure."""
        self.figures += 1
        if isinstance(ours, Decimal) and theirs is not None:
            theirs = Decimal(theirs)
        if ours != theirs:
            self.differ += 1
            if self.differ <= SHOWN:
                print(f"billing: {title} is {theirs} in the audit, and {ours} here")


def compare(calls, prices, report, net):
    check = Check()
    shown = {(row["taskId"], row.get("index")): row for name in ("outputs", "lost", "chargedFailures") for row in report[name]}
    sums = collections.defaultdict(lambda: collections.defaultdict(Decimal))
    origins, findings, losses, unknown = (collections.Counter() for _ in range(4))
    for call in calls:
        figure = judge(call, prices)
        row = shown.pop((call.task, call.index), None)
        is_free = call.kind == "failed" and not figure.get("paid")
        if row is None:
            check.equal(f"{call.task} {call.index}", "a line" if not is_free else None, None)
            if is_free:
                continue
        charge = (row or {}).get("charge", {})
        for name in ("origin", "finding", "cause", "unit", "paid", "refund", "undelivered", "refundOrigin"):
            check.equal(f"{name} of {call.task} {call.index}", figure.get(name), charge.get(name))
        check.equal(f"charged of {call.task} {call.index}", figure.get("paid"), charge.get("charged"))
        for name in ("overcharge", "undercharge"):
            check.equal(f"{name} of {call.task} {call.index}", figure.get(name) or None, charge.get(name))
        check.equal(f"reasons of {call.task} {call.index}", figure.get("reasons") or None, charge.get("reasons"))
        for name in ("requestedTier", "billedTier"):
            check.equal(f"{name} of {call.task} {call.index}", figure[name], (row or {}).get(name))
        if call.kind == "picture":
            check.equal(f"deliveredTier of {call.task} {call.index}", call.tier, (row or {}).get("deliveredTier"))
        origins[figure["origin"]] += 1
        findings[figure["finding"]] += 1
        if call.cause:
            losses[call.cause] += 1
        if figure["origin"] == "unknown":
            continue
        total = sums[figure["unit"]]
        for name, key in (("paid", "paid"), ("refund", "refund"), ("undelivered", "undelivered"), ("overcharged", "overcharge"),
                          ("undercharged", "undercharge")):
            total[name] += figure.get(key, Decimal(0))
        total["lost"] += figure["paid"] if call.kind == "lost" else 0
        total["paidByOrigin", figure["origin"]] += figure["paid"]
        if figure.get("refund"):
            total["refundByOrigin", figure["refundOrigin"]] += figure["refund"]
        if call.cause:
            total["paidByCause", call.cause] += figure["paid"]
        unknown["refund"] += "refund" not in figure
    check.equal("lines of no call", [], sorted(shown))
    compare_sums(check, sums, prices.unit, report["summary"]["money"], net)
    for name, counts in (("origins", origins), ("findings", findings), ("losses", losses)):
        for key, count in report["summary"]["money"][name].items():
            if (name, key) != ("losses", "open"):
                check.equal(f"{name} {key}", counts[key], count)
    check.equal("refundsUnknown", unknown["refund"], report["summary"]["money"]["refundsUnknown"])
    for price in report["summary"]["money"]["basePrices"]:
        base = prices.base(price.get("model", ""), price.get("unit", "credits"))
        check.equal(f"base price of {price.get('model')}", base[0] if base else None, price.get("price"))
        check.equal(f"origin of the base price of {price.get('model')}", base[1] if base else "unknown", price["origin"])
    return check


def compare_sums(check, sums, unit, money, net):
    others = {other["unit"]: other for other in money.get("otherUnits", [])}
    check.equal("unit", unit, money["unit"])
    check.equal("other units", sorted(set(sums) - {unit}), sorted(others))
    for name in sorted(set(sums) | {unit}):
        theirs, ours = money if name == unit else others[name], sums[name]
        for key in ("paid", "refund", "undelivered", "overcharged", "undercharged", "lost"):
            check.equal(f"{key} in {name}", ours[key] + 0, theirs[key])
        if net:
            check.equal(f"net in {name}", max(Decimal(0), ours["refund"] - ours["undercharged"]), theirs["net"])
        for group in ("paidByOrigin", "refundByOrigin", "paidByCause"):
            for key in {key[1] for key in ours if key[0] == group} | set(theirs[group]):
                check.equal(f"{group} {key} in {name}", ours[group, key] + 0, theirs[group].get(key, "0"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("storage")
    parser.add_argument("audit")
    parser.add_argument("--base-price", type=Decimal)
    parser.add_argument("--credit-price", type=Decimal)
    parser.add_argument("--currency")
    parser.add_argument("--net", action="store_true")
    options = parser.parse_args()
    calls, tasks = read(options.storage)
    with open(options.audit, encoding="utf-8") as file:
        report = json.load(file)
    check = compare(calls, Prices(options, tasks), report, options.net)
    passes = check.differ == 0 and len(calls) > 0
    print(f"billing outputs {len(calls)} figures {check.figures} differ {check.differ} {'pass' if passes else 'fall'}")
    sys.exit(0 if passes else 1)


if __name__ == "__main__":
    main()
