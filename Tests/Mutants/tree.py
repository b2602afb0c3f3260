"""A copy of the sources in which each mutation can be chosen when a program starts."""
import os
import pathlib
import re
import shutil
import subprocess

from entry import CONDITION, ROOT

# The variable that chooses a mutant by its number.
VARIABLE = "FIXATIVE_MUTANT"

SWIFT_SWITCH = f"""import Glibc

/// The chosen mutant; 0 for none.
private let chosenMutant: Int32 = {{
    guard let text = unsafe getenv("{VARIABLE}") else {{ return 0 }}
    return unsafe atoi(text)
}}()

func isMutant(_ number: Int32) -> Bool {{ number == chosenMutant }}
"""

C_SWITCH = f"""#ifndef MUTANT_SWITCH_H
#define MUTANT_SWITCH_H
#include <stdlib.h>

// The chosen mutant; 0 for none. Read before main begins, so that no thread meets it half written.
static int chosen_mutant;

__attribute__((constructor)) static void read_chosen_mutant(void) {{
    const char *text = getenv("{VARIABLE}");
    chosen_mutant = text ? atoi(text) : 0;
}}

static inline int is_mutant(int number) {{ return number == chosen_mutant; }}
#endif
"""

# Changes of the copy besides the mutations: file, old text, new text.
ADJUSTMENTS = [
    # A warning about a mutant is no fault of the house.
    ("Package.swift", "    .treatAllWarnings(as: .error),\n", ""),
    ("Package.swift", '"-Werror"', '"-Wno-error"'),
    # Tests start programs without our variables, and the pool starts workers without any.
    ("Tests/FixativeCommandsTests/Program.swift", '!$0.key.hasPrefix("FIXATIVE_")',
     f'($0.key == "{VARIABLE}" || !$0.key.hasPrefix("FIXATIVE_"))'),
    ("Sources/CSandbox/worker.c", '    char *environment[] = {"SWIFT_BACKTRACE=enable=no", "LC_ALL=C", "TZ=UTC0", libraries, NULL};',
     f'''    char mutant[64] = "{VARIABLE}=";
    const char *chosen = getenv("{VARIABLE}");
    if (chosen && strlen(chosen) < 20) strcat(mutant, chosen);
    char *environment[] = {{"SWIFT_BACKTRACE=enable=no", "LC_ALL=C", "TZ=UTC0", mutant, libraries, NULL}};'''),
]


def make(target, mutants, numbers):
    """Writes the copy. Files that are the same keep their times, so that the next build is short."""
    contents = {path: None for path in tracked()}
    if (ROOT / "Package.resolved").exists():
        contents["Package.resolved"] = None
    for path, text in changed(mutants, numbers).items():
        contents[path] = text
    for path, text in contents.items():
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            copy(ROOT / path, place)
        elif not place.is_file() or place.read_text() != text:
            place.write_text(text)
    remove_others(target, contents)


def tracked():
    """The files that git knows or would add, as paths below the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    names = listed.stdout.decode().split("\0")
    return sorted({name for name in names if name and os.path.lexists(ROOT / name)})


def copy(source, place):
    if source.is_symlink():
        if not place.is_symlink() or os.readlink(place) != os.readlink(source):
            if os.path.lexists(place):
                place.unlink()
            place.symlink_to(os.readlink(source))
    elif not place.is_file() or place.read_bytes() != source.read_bytes():
        shutil.copyfile(source, place)
        shutil.copymode(source, place)


def remove_others(target, contents):
    for folder, folders, files in os.walk(target):
        folders[:] = [name for name in folders if not name.startswith(".") or folder != str(target)]
        for name in files:
            path = pathlib.Path(folder, name)
            if str(path.relative_to(target)) not in contents and name != "Package.resolved":
                path.unlink()


def rewritten(path, mutants, numbers):
    """The text of a file with all of its mutations. Places are those in the original, since a new text may repeat an old one."""
    text = (ROOT / path).read_text()
    switch = "is_mutant" if path.endswith(".c") else "isMutant"
    for mutant in sorted(mutants, key=lambda mutant: -text.index(mutant.old)):
        new = re.sub(rf"\b{CONDITION}\b", f"{switch}({numbers[mutant.id]})", mutant.new)
        place = text.index(mutant.old)
        text = text[:place] + new + text[place + len(mutant.old):]
    return text


def changed(mutants, numbers):
    """The files that differ from the sources, with their text."""
    sites = {}
    for mutant in mutants:
        if not mutant.equivalent:
            sites.setdefault(mutant.path, []).append(mutant)
    files = {path: rewritten(path, found, numbers) for path, found in sites.items()}
    for path in list(files):
        room = "Sources/" + path.split("/")[1]
        if path.endswith(".c"):
            # After the definitions that system headers depend on.
            files[path] = re.sub(r"^#include", '#include "mutant_switch.h"\n#include', files[path], count=1, flags=re.M)
            files[room + "/mutant_switch.h"] = C_SWITCH
        else:
            files[room + "/MutantSwitch.swift"] = SWIFT_SWITCH
    for path, old, new in ADJUSTMENTS:
        text = files.get(path) or (ROOT / path).read_text()
        if old not in text:
            raise SystemExit(f"{path} has changed; correct ADJUSTMENTS in Tests/Mutants/tree.py")
        files[path] = text.replace(old, new)
    return files
