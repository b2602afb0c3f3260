#!/usr/bin/env python3
"""Checks that the sources keep the rules of the rooms.

A room is a target of Package.swift. It fails on:
- an import of another room that Package.swift does not declare, and a declared one that no file imports;
- SQL outside of the room Catalog;
- jmp_buf outside of CCodecShims;
- a room without its line in docs/architecture.md;
- a source file of more than 400 lines, or a Swift function of more than 60.

    Tests/Structure/check.py [FOLDER]

Prints a line for each fault, and at the end `N passed, N failed`.
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
MOST_LINES = 400
MOST_FUNCTION_LINES = 60
# Targets that are linked in or run, and not imported.
UNIMPORTED = {"BuildCommit"}

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:public |package |internal |fileprivate |private )?import "
    r"(?:(?:struct|class|enum|protocol|func|let|var|typealias|actor) )?(\w+)", re.M)
# A statement of SQL, as it stands in a literal. Words alone also occur in messages.
SQL = re.compile(r"\b(SELECT\s+[\w*(][^\"]*\bFROM\b|INSERT\s+INTO\b|DELETE\s+FROM\b|UPDATE\s+\w+\s+SET\b|CREATE\s+(TABLE|INDEX)\b"
                 r"|PRAGMA\s+\w+)")
FUNCTION = re.compile(r"^(\s*)(?:[\w@()\s]*\s)?(?:func\s+(\S+?)[(<]|(init\??)[(<])")


def main():
    package = json.loads(subprocess.run(
        ["swift", "package", "dump-package"], cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    targets = {target["name"]: target for target in package["targets"]}
    faults, passed = [], 0
    for check in (check_imports, check_sql, check_jumps, check_architecture, check_lengths):
        found, count = check(targets)
        faults += found
        passed += count - len(found)
    for fault in faults:
        print(fault)
    print(f"{passed} passed, {len(faults)} failed")
    return 1 if faults else 0


def folder(target):
    if target.get("path"):
        return ROOT / target["path"]
    return ROOT / ("Tests" if target["type"] == "test" else "Sources") / target["name"]


def sources(target, *endings):
    return sorted(path for path in folder(target).rglob("*") if path.suffix in endings)


def short(path):
    return path.relative_to(ROOT)


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def check_imports(targets):
    faults, count = [], 0
    for name, target in targets.items():
        files = sources(target, ".swift")
        if not files:
            continue
        declared = {list(dependency.values())[0][0] for dependency in target["dependencies"]}
        rooms = {room for room in declared if room in targets}
        imported = {}
        for path in files:
            for room in IMPORT.findall(without_comments(path.read_text())):
                if room in targets and room != name:
                    imported.setdefault(room, path)
        for room, path in sorted(imported.items()):
            count += 1
            if room not in rooms:
                faults.append(f"{short(path)}: {name} imports {room}, which Package.swift does not declare for it")
        for room in sorted(rooms - imported.keys() - UNIMPORTED):
            if targets[room]["type"] in ("executable", "plugin"):
                continue
            count += 1
            faults.append(f"Package.swift: {name} declares {room}, but no file imports it")
    return faults, count


def check_sql(targets):
    faults, count = [], 0
    for name, target in targets.items():
        if target["type"] == "test" or name == "Catalog" or not str(folder(target)).startswith(str(ROOT / "Sources")):
            continue
        for path in sources(target, ".swift"):
            count += 1
            if found := SQL.search(without_comments(path.read_text())):
                faults.append(f"{short(path)}: SQL outside of Catalog: {found.group(0)[:40]!r}")
    return faults, count


def check_jumps(targets):
    faults, count = [], 0
    for path in sorted((ROOT / "Sources").rglob("*")):
        if path.suffix in (".c", ".h", ".swift") and "CCodecShims" not in path.parts:
            count += 1
            if "jmp_buf" in path.read_text(errors="replace"):
                faults.append(f"{short(path)}: jmp_buf outside of CCodecShims")
    return faults, count


def check_architecture(targets):
    page = ROOT / "docs/architecture.md"
    text = page.read_text()
    rooms = [name for name, target in targets.items()
             if target["type"] != "test" and str(folder(target)).startswith(str(ROOT / "Sources"))]
    return [f"docs/architecture.md: the room {name} has no line" for name in rooms if f"`{name}`" not in text], len(rooms)


def check_lengths(targets):
    faults, count = [], 0
    for path in sorted((ROOT / "Sources").rglob("*")):
        if path.suffix not in (".swift", ".c", ".h"):
            continue
        lines = path.read_text(errors="replace").splitlines()
        count += 1
        if len(lines) > MOST_LINES:
            faults.append(f"{short(path)}: {len(lines)} lines; the limit is {MOST_LINES}")
        if path.suffix == ".swift":
            found, functions = long_functions(path, lines)
            faults += found
            count += functions
    return faults, count


def long_functions(path, lines):
    """The formatter puts the closing brace of a function at the indentation of its first line."""
    faults, count = [], 0
    for start, line in enumerate(lines):
        found = FUNCTION.match(line)
        if not found or line.lstrip().startswith("//") or line.endswith("}"):
            continue
        count += 1
        closing = found.group(1) + "}"
        end = next((number for number in range(start, len(lines)) if lines[number] == closing), start)
        # A protocol's requirement, or a function on one line, has no end of its own.
        if any(FUNCTION.match(other) and len(FUNCTION.match(other).group(1)) <= len(found.group(1))
               for other in lines[start + 1:end]):
            continue
        if end - start + 1 > MOST_FUNCTION_LINES:
            name = found.group(2) or found.group(3)
            faults.append(f"{short(path)}:{start + 1}: {name} has {end - start + 1} lines; the limit is {MOST_FUNCTION_LINES}")
    return faults, count


if __name__ == "__main__":
    sys.exit(main())
