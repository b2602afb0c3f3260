#!/usr/bin/env python3
"""Checks the packages, the hardening of the built program, and the systemd unit.

    check.py packages                     Package.resolved has the packages of packages.txt, and Package.swift pins each exactly
    check.py program PROGRAM [OBJECTS]    the linked program, and the build's folder, which has the objects of our C
    check.py unit FILE                    the systemd unit
    check.py self                         the check of programs detects a program that is not hardened

Each line is one check with its result; the exit code is 1 if one fails."""
import glob, json, os, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# The targets of our C that are part of the program.
OUR_C = ("CCodecShims", "CFastPNG", "CPixelKernels", "CSandbox")
failures = 0


def check(what, holds, detail=""):
    global failures
    failures += not holds
    print(f"{'ok  ' if holds else 'FAIL'} {what}{': ' + detail if detail and not holds else ''}")


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], capture_output=True, text=True, check=True).stdout


def program_problems(path):
    """What a program lacks: each a name and whether it holds."""
    header, segments, dynamic = readelf("-h", path), readelf("-l", path), readelf("-d", path)
    stack = re.search(r"GNU_STACK\s+(?:\S+\s+){5}([RWE ]+?)\s+0x", segments)
    loads = re.findall(r"^\s+LOAD\s+(?:\S+\s+){5}([RWE ]+?)\s+0x", segments, re.M)
    return {
        "position-independent": "DYN (" in header and "INTERP" in segments,
        "RELRO": "GNU_RELRO" in segments,
        "bound before the start": bool(re.search(r"\(FLAGS_1\).*\bNOW\b|\(BIND_NOW\)|\(FLAGS\).*BIND_NOW", dynamic)),
        "stack not executable": bool(stack) and "E" not in stack.group(1),
        "no segment both writable and executable": bool(loads) and not any("W" in f and "E" in f for f in loads),
        "no relocation of code": "TEXTREL" not in dynamic,
        "no library path that others could write to": not re.search(r"(RPATH|RUNPATH).*\[(|.*:)(/tmp|\.|)(:|\])", dynamic),
    }


def program(path, objects=None):
    for what, holds in program_problems(path).items():
        check(f"{os.path.basename(path)}: {what}", holds)
    if objects:
        c_objects(objects)


def c_objects(folder):
    files = sorted(file for name in OUR_C for file in glob.glob(f"{folder}/{name}.build/**/*.c.o", recursive=True))
    check("our C was found", bool(files), folder)
    if not files:
        return
    symbols = {file: readelf("-s", file) for file in files}
    check("C: stack protector", any("__stack_chk_fail" in text for text in symbols.values()))
    check("C: checked calls of the library (FORTIFY)", any(re.search(r"UND __\w+_chk\b", text) for text in symbols.values()))
    if "X86-64" in readelf("-h", files[0]):
        for file in files:
            notes = readelf("-n", file)
            check(f"{os.path.basename(file)}: indirect branches and returns guarded", "IBT" in notes and "SHSTK" in notes)


def self_check():
    """A program without any of it must be found."""
    with tempfile.TemporaryDirectory() as folder:
        source, built = folder + "/a.c", folder + "/a"
        with open(source, "w") as file:
            file.write("int main(void) { return 0; }\n")
        compiler = next(c for c in ("cc", "clang", "gcc") if subprocess.run(["which", c], capture_output=True).returncode == 0)
        subprocess.run([compiler, "-no-pie", "-Wl,-z,lazy", "-Wl,-z,norelro", "-Wl,-z,execstack", "-Wl,-rpath,/tmp", source, "-o", built], check=True)
        found = program_problems(built)
    for what in ("position-independent", "RELRO", "bound before the start", "stack not executable", "no library path that others could write to"):
        check(f"the check finds a program without it: {what}", not found[what])


def packages():
    with open(HERE + "/packages.txt") as file:
        listed = dict(line.split(" ", 1) for line in file.read().splitlines() if line and not line.startswith("#"))
    with open(ROOT + "/Package.resolved") as file:
        pins = json.load(file)["pins"]
    resolved = {p["identity"]: f"{p['state'].get('version', p['state'].get('branch'))} {p['state']['revision']}" for p in pins}
    for name in sorted(set(listed) | set(resolved)):
        check(f"{name} is the listed commit", listed.get(name) == resolved.get(name), f"listed {listed.get(name)}, resolved {resolved.get(name)}")
    with open(ROOT + "/Package.swift") as file:
        manifest = file.read()
    exact = {os.path.basename(url).removesuffix(".git").lower(): version
             for url, version in re.findall(r'\.package\(url: "([^"]+)", exact: "([^"]+)"', manifest)}
    check("Package.swift has only exact versions", len(re.findall(r"\.package\(url:", manifest)) == len(exact))
    for name, pin in sorted(resolved.items()):
        check(f"{name} is pinned in Package.swift", exact.get(name) == pin.split(" ")[0], f"{exact.get(name)} there")


# What the unit must say, whatever else it says.
UNIT = {
    "NoNewPrivileges": "yes", "LimitCORE": "0", "UMask": "0077", "MemoryDenyWriteExecute": "yes", "ProtectSystem": "strict",
    "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes", "CapabilityBoundingSet": "", "RestrictNamespaces": "yes",
    "DynamicUser": "yes", "SystemCallArchitectures": "native", "StateDirectoryMode": "0700",
}


def unit(path):
    with open(path) as file:
        text = file.read()
    settings = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    for name, value in UNIT.items():
        check(f"unit: {name}={value}", settings.get(name) == value, str(settings.get(name)))
    for name in ("MemoryMax", "TasksMax"):
        check(f"unit: {name} is a number", bool(re.fullmatch(r"\d+[KMG]?", settings.get(name, ""))))
    check("unit: no backtracer", "SWIFT_BACKTRACE=enable=no" in text)
    if subprocess.run(["which", "systemd-analyze"], capture_output=True).returncode != 0:
        return print("skip systemd-analyze is not installed")
    with tempfile.TemporaryDirectory() as folder:
        copy = folder + "/fixative.service"
        with open(copy, "w") as file:
            file.write(text.replace("@PREFIX@/bin/fixative", "/bin/true"))
        told = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", copy], capture_output=True, text=True)
    exposure = re.search(r"Overall exposure level[^:]*: ([\d.]+)", told.stdout)
    check("unit: systemd-analyze security at most 1.5", bool(exposure) and float(exposure.group(1)) <= 1.5, told.stdout[-200:] + told.stderr[-300:])


match sys.argv[1:]:
    case ["packages"]: packages()
    case ["program", path]: program(path)
    case ["program", path, objects]: program(path, objects)
    case ["unit", path]: unit(path)
    case ["self"]: self_check()
    case _: sys.exit(__doc__)
sys.exit(1 if failures else 0)
