"""Everything that the program offers is in the documentation, and nothing else is."""
import functools
import glob
import os
import re
from dataclasses import dataclass

CLI, SERVICE, SETTINGS, AUDIT = "docs/cli.md", "docs/service.md", "docs/settings.md", "docs/audit.md"
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass
class Facts:
    """What the program says of itself."""
    verbs: dict
    openapi: dict
    metrics: str


def ask(world):
    with world.service() as (address, _):
        return Facts(read_verbs(world), world.json(address + "/openapi.json"), world.get(address + "/metrics"))


def check(pages, root, facts, report):
    check_verbs(pages, facts.verbs, report)
    check_mentions(pages, facts.verbs, report)
    check_values(pages, facts.verbs, root, report)
    check_enumerations(pages, root, report)
    check_settings(pages, root, report)
    check_endpoints(pages, facts.openapi, report)
    check_metrics(pages, facts.metrics, root, report)
    check_rooms(pages, root, report)
    check_paths(pages, root, report)
    check_links(pages, root, report)
    check_shape(pages, report)
    check_named_tests(pages, root, report)


# Verbs and options


class Verb:
    def __init__(self, name, text):
        self.name = name
        self.options = set()
        for line in text.splitlines():
            # `  -v, --verbose   Print more.` and `  --copy/--link   …`; what is indented further is explanation.
            if found := re.match(r"  (?:-\w, )?(--[a-z-]+)(?:/(--[a-z-]+))?(?= |$)", line):
                self.options |= {option for option in found.groups() if option}
        self.values = dict(re.findall(r"  (?:-\w, )?(--[a-z-]+) .*\(values: ([^;)]*)", text))


def read_verbs(world, *parents):
    """All verbs by name, also the verbs of verbs, such as `audit evidence`."""
    text = world.help(*parents)
    verbs = {" ".join(parents): Verb(" ".join(parents), text)} if parents else {}
    in_list = False
    for line in text.splitlines():
        if re.search(r"SUBCOMMANDS:$", line):
            in_list = True
        elif found := in_list and re.match(r"  ([a-z][a-z-]*) ", line):
            verbs |= read_verbs(world, *parents, found[1])
        elif not line.startswith(" ") and line:
            in_list = False
    return verbs


EVERY, DOWNLOADS = "Options of every verb", "Options of verbs that download"


def check_verbs(pages, verbs, report):
    cli = pages[CLI]
    report.check(len(verbs) > 15, f"{CLI}: only {len(verbs)} verbs could be read from the program's help")
    shared = {title: options_in(cli.section(title) or "") for title in (EVERY, DOWNLOADS)}
    # `export` has verbs of its own and nothing else.
    leaves = {name: verb for name, verb in verbs.items() if len(verb.options) > 3}
    everywhere = set.intersection(*(verb.options for verb in leaves.values()))
    for option in sorted(everywhere ^ shared[EVERY]):
        report.check(False, f"{CLI}: {option} must be both an option of every verb and in '{EVERY}', or neither")
    for name, verb in sorted(leaves.items()):
        section = cli.section(name)
        if not report.check(section is not None, f"{CLI}: the verb '{name}' has no section"):
            continue
        own = options_in(section)
        known = own | everywhere
        if "](#options-of-verbs-that-download)" in section:
            known |= shared[DOWNLOADS]
        for option in sorted(verb.options):
            report.check(option in known, f"{CLI}: the section of '{name}' does not have the option {option}")
        for option in sorted(known - verb.options):
            report.check(False, f"{CLI}: the section of '{name}' has the option {option}, which the verb does not have")
        report.check(re.search(rf"\[{name}\]\(#{name.replace(' ', '-')}(-1)?\)", cli.text), f"{CLI}: the contents do not name '{name}'")
    for name in sorted(set(verbs) - set(leaves)):
        report.check(f"`fixative {name}`" in cli.text, f"{CLI}: the verb '{name}' is not named")


def options_in(section):
    """The options that the tables of a section name."""
    return set(OPTION.findall(" ".join(line for line in section.splitlines() if line.startswith("|"))))


def commands(pages):
    """What stands behind `fixative` in code: the page, and the words of each command."""
    for page in pages.values():
        code = re.findall(r"`(fixative [^`\n]+)`", page.text)
        for block in page.blocks:
            if block.language == "sh":
                lines = re.sub(r"\\\n", " ", block.text).splitlines()
                code += [part for line in lines for part in re.findall(r"(?<![\w./-])fixative [^#|;&<>\n]*", line)]
        for command in code:
            yield page.path, command.split()[1:]


def check_mentions(pages, verbs, report):
    """No page names a verb or an option that the program does not have."""
    for path, words in commands(pages):
        if not words or words[0].startswith("-") or not re.fullmatch(r"[a-z][a-z-]*", words[0]) or words[0] == "help":
            continue
        name = " ".join(words[:2]) if " ".join(words[:2]) in verbs else words[0]
        if report.check(name in verbs, f"{path}: 'fixative {' '.join(words)}' names a verb that does not exist"):
            for option in OPTION.findall(" ".join(words[1:])):
                report.check(option in verbs[name].options, f"{path}: 'fixative {name}' has no option {option}")


# Words that the program writes


def check_values(pages, verbs, root, report):
    values = verbs["list"].values.get("--verdict", "").split(", ")
    report.check(len(values) > 5, "the help of 'list' names no verdicts")
    table = pages[AUDIT].section("Verdicts") or ""
    for verdict in values:
        report.check(f"| `{verdict}`" in table, f"{AUDIT}: the verdict {verdict} is not in the table")
    for name, verb in verbs.items():
        section = pages[CLI].section(name) or ""
        for option, choices in verb.values.items():
            if option in ("--verdict", "--format", "--tier"):
                continue
            text = section + (pages[CLI].section(DOWNLOADS) or "")
            for choice in choices.split(", "):
                report.check(f"`{choice}`" in text, f"{CLI}: {option} of '{name}' does not name the value {choice}")
    notices = re.findall(r'"((?:output|task)\.[a-z_]+)"', read(root, "Sources/ArchiveModel/Notice.swift"))
    report.check(len(notices) > 5, "Sources/ArchiveModel/Notice.swift names no notifications")
    for notice in notices:
        report.check(f"`{notice}`" in (pages[SERVICE].section("Notifications") or ""),
                     f"{SERVICE}: the notification {notice} is not in the table")


# Enumerations whose values users see: source, name, and the page that explains each value.
ENUMERATIONS = [
    ("Sources/Upkeep/VerificationReport.swift", "Kind", "docs/operations.md"),
    ("Sources/Audit/ConsistencyCheck.swift", "Kind", AUDIT),
    ("Sources/Audit/BasePrices.swift", "Origin", AUDIT),
    ("Sources/Audit/Charge.swift", "PriceFinding", AUDIT),
    ("Sources/Audit/Charge.swift", "LossCause", AUDIT),
    ("Sources/Audit/Charge.swift", "RefundReason", AUDIT),
    ("Sources/FixativeCommands/Auditing/AuditColumn.swift", "AuditColumn", AUDIT),
    ("Sources/ArchiveModel/FailureCause.swift", "FailureCause", "docs/archive-format.md"),
    ("Sources/GenerationAPI/UpstreamMonitor.swift", "Name", "docs/security.md"),
]


def check_enumerations(pages, root, report):
    for source, name, page in ENUMERATIONS:
        body = re.search(rf"\benum {name}: String[^{{]*\{{(.*?)^\s*\}}", read(root, source), re.M | re.S)
        cases = re.findall(r"^\s*case (\w.*)", body[1] if body else "", re.M)
        values = [raw or name for line in cases for name, raw in re.findall(r'(\w+)(?: = "([^"]*)")?(?:, |$)', line)]
        report.check(len(values) > 2, f"{source}: the enumeration {name} has no values that could be read")
        for value in values:
            report.check(f"`{value}`" in pages[page].text, f"{page}: the value {value} of {source} is not explained")


# Settings


@functools.cache
def read(root, pattern):
    return "\n".join(open(path, encoding="utf-8").read() for path in sorted(glob.glob(os.path.join(root, pattern), recursive=True)))


def check_settings(pages, root, report):
    """The settings that the setup's sources ask the configuration for, and the variables that any source names."""
    setup = read(root, "Sources/FixativeCommands/Setup/*.swift")
    found = set(re.findall(r'\b(?:text|flag|number|fraction|hosts|permissions|prices)\(\s*"([a-z][A-Za-z]+)"', setup))
    found |= set(re.findall(r'forKey: "([a-z][A-Za-z]+)"', setup))
    report.check(len(found) > 15, f"Sources/FixativeCommands/Setup: only {len(found)} settings were found")
    rows = set(re.findall(r"^\| `([a-z][A-Za-z]+)`", pages[SETTINGS].text, re.M))
    for name in sorted(found):
        report.check(name in rows, f"{SETTINGS}: the setting {name} is not in the table")
    for name in sorted(rows - found):
        report.check(False, f"{SETTINGS}: the setting {name} is not in the sources")

    swift = read(root, "Sources/**/*.swift")
    # Inside of texts and comments: outside of them such names are constants of C.
    quoted = "\n".join(re.findall(r'"[^"\n]*"|//.*', swift))
    variables = set(re.findall(r"\b(?:FIXATIVE|EVOLINK)_[A-Z_]*[A-Z]\b", quoted))
    variables |= {f"FIXATIVE_{name}{ending}" for name in re.findall(r'\bsecrets\("([A-Z_]+)"[,)]', swift) for ending in ("", "_FILE")}
    report.check(len(variables) > 8, f"Sources: only {len(variables)} variables were found")
    named = {variable(name) for name in found}
    for name in sorted(variables - named):
        report.check(f"`{name}`" in pages[SETTINGS].text, f"{SETTINGS}: the variable {name} is not named")


def check_ranges(pages, verbs, world, report):
    """Each documented upper bound is the program's: it takes that value, and refuses the next one."""
    folder = world.archive()
    everything = set.union(*(verb.options for verb in verbs.values()))
    bounded = 0
    for line in pages[SETTINGS].text.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        found = re.match(r"`([a-z][A-Za-z]+)`", cells[1]) if len(cells) > 5 else None
        if not found:
            continue
        for option in OPTION.findall(cells[2]):
            report.check(option in everything, f"{SETTINGS}: no verb has the option {option}")
        if bound := re.search(r"\bto ([\d,]+)(?:\^(\d+))?$", cells[4]):
            bounded += 1
            most = int(bound[1].replace(",", "")) ** int(bound[2] or 1)
            for value, wanted in ((most, 0), (most + 1, 2)):
                code = world.code(["status", "--storage", "pictures"], folder, **{variable(found[1]): str(value)})
                report.check(code == wanted, f"{SETTINGS}: with {variable(found[1])}={value} the program ends with {code}, not {wanted}")
    report.check(bounded > 8, f"{SETTINGS}: only {bounded} settings have an upper bound")


def variable(setting):
    return "FIXATIVE_" + re.sub("[A-Z]", lambda capital: "_" + capital[0], setting).upper()


# Endpoints and metrics


def check_endpoints(pages, openapi, report):
    section = pages[SERVICE].section("HTTP API") or ""
    documented = set()
    for line in section.splitlines():
        first = line.split("|")[1] if line.startswith("|") and line.count("|") > 2 else ""
        paths = re.findall(r"`(?:[A-Z]+ )(/[^`]*)`", first)
        for path in paths:
            documented |= {(method, path) for method in METHODS if re.search(rf"`{method}\b[^`]*`", first)}
    served, parameters = set(), {}
    for path, item in openapi["paths"].items():
        for method, operation in item.items():
            if method.upper() in METHODS:
                served.add((method.upper(), path))
                parameters |= {name: path for name in query_parameters(openapi, item, operation)}
    report.check(len(served) > 15, "the OpenAPI document has too few operations")
    for method, path in sorted(served):
        if method == "HEAD" and ("GET", path) in documented:
            continue
        report.check((method, path) in documented, f"{SERVICE}: {method} {path} is not in the table of the HTTP API")
    for method, path in sorted(documented - served):
        report.check(False, f"{SERVICE}: {method} {path} is in the table, but not in the OpenAPI document")
    for name, path in sorted(parameters.items()):
        report.check(f"`{name}`" in section, f"{SERVICE}: the parameter {name} of {path} is not named")


def query_parameters(openapi, item, operation):
    for parameter in item.get("parameters", []) + operation.get("parameters", []):
        if reference := parameter.get("$ref"):
            parameter = openapi["components"]["parameters"][reference.rsplit("/", 1)[1]]
        if parameter["in"] == "query":
            yield parameter["name"]


def check_metrics(pages, text, root, report):
    """Some metrics are served only once something has been counted, so the sources are asked as well."""
    section = pages[SERVICE].section("Metrics") or ""
    rows = {}
    for line in section.splitlines():
        cells = line.split("|")
        if len(cells) > 3:
            labels = set(re.findall(r"`([a-z_]+)`", cells[2]))
            rows |= {name: labels for name in re.findall(r"`((?:fixative|process)_[a-z_]+)`", cells[1])}
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    report.check(len(types) > 20, "the service serves too few metrics")
    declared = set(re.findall(r'"((?:fixative|process)_[a-z_]+)"', read(root, "Sources/Telemetry/*.swift")))
    for name in sorted(declared | set(types)):
        if not report.check(name in rows, f"{SERVICE}: the metric {name} is not in the table"):
            continue
        used = set()
        for sample in re.findall(rf"^{name}(?:_bucket|_sum|_count)?(?:\{{(.*)\}})? ", text, re.M):
            used |= set(re.findall(r'(\w+)="', sample)) - {"le"}
        if used:
            report.check(used == rows[name], f"{SERVICE}: the metric {name} has the labels {sorted(used)}, not {sorted(rows[name])}")
    for name in sorted(set(rows) - set(types) - declared):
        report.check(False, f"{SERVICE}: the metric {name} is in the table, but the service does not have it")


# The architecture

ARCHITECTURE = "docs/architecture.md"
# Names in code that are no types of ours.
FOREIGN = {"Dockerfile", "Makefile", "Package", "TaskExecutor"}
IMPORT = re.compile(r"^\s*(?:public |package |internal |private |fileprivate )?import (?:\w+ )?(\w+)", re.M)


def check_rooms(pages, root, report):
    """Each target in Sources has a row, groups depend downwards only, and the invariants about imports hold."""
    rooms = {os.path.basename(path) for path in glob.glob(f"{root}/Sources/*") if os.path.isdir(path)}
    groups = {}
    text = pages[ARCHITECTURE].section("Rooms") or ""
    for number, part in enumerate(text.split("\n|---")[1:]):
        for line in part.splitlines():
            if line.startswith("| `"):
                groups |= {name: number for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    for name in sorted(rooms - set(groups)):
        report.check(False, f"{ARCHITECTURE}: the room {name} is not in the tables")
    for name in sorted(set(groups) - rooms):
        report.check(False, f"{ARCHITECTURE}: the room {name} does not exist")
    imports = {name: set(IMPORT.findall(read(root, f"Sources/{name}/**/*.swift"))) for name in rooms}
    for name in sorted(rooms & set(groups)):
        upwards = {other for other in imports[name] & set(groups) if groups[other] < groups[name]}
        report.check(not upwards, f"{ARCHITECTURE}: {name} imports {sorted(upwards)} of a higher group")

    def only(package, *allowed):
        users = {name for name in rooms if package in imports[name]}
        report.check(users <= set(allowed), f"{ARCHITECTURE}: {package} is imported by {sorted(users - set(allowed))}")

    only("GRDB", "Catalog")
    only("Hummingbird", "ArchiveServer", "UpstreamSimulator")
    only("ArgumentParser", "FixativeCommands")
    only("Configuration", "FixativeCommands")
    report.check(not imports.get("SizeContract"), f"{ARCHITECTURE}: SizeContract imports something")
    report.check("Foundation" not in imports.get("ImageCodecs", ()), f"{ARCHITECTURE}: ImageCodecs imports Foundation")
    strangers = {"BlobStore", "Catalog", "GenerationAPI", "Imaging"}
    for name in sorted(strangers & rooms):
        report.check(not imports[name] & strangers, f"{ARCHITECTURE}: {name} knows {sorted(imports[name] & strangers)}")
    for path in glob.glob(f"{root}/Sources/**/*.[ch]", recursive=True):
        holds = "jmp_buf" not in open(path, encoding="utf-8").read() or "/CCodecShims/" in path
        report.check(holds, f"{ARCHITECTURE}: {os.path.relpath(path, root)} names jmp_buf")


def check_paths(pages, root, report):
    """Files and types that the pages about the code name exist."""
    files = {os.path.basename(path) for path in glob.glob(f"{root}/Sources/**/*.*", recursive=True)}
    source = read(root, "Sources/**/*.swift")
    types = set(re.findall(r"\b(?:struct|class|enum|protocol|actor|typealias) (\w+)", source))
    members = set(re.findall(r"\b(?:func|var|let) (\w+)", source))
    for cases in re.findall(r"^\s*case (\w.*)", source, re.M):
        members |= set(re.findall(r"(?:^|, )(\w+)", cases))
    rooms = {os.path.basename(path) for path in glob.glob(f"{root}/Sources/*")}
    for page in pages.values():
        if page.path != ARCHITECTURE and not page.path.startswith("docs/decisions/") and page.path != "CONTRIBUTING.md":
            continue
        for code in re.findall(r"`([^`\n]+)`", page.text):
            if re.fullmatch(r"(?:Sources|Tests)/[\w./+-]+", code):
                report.check(os.path.exists(os.path.join(root, code)), f"{page.path}: there is no {code}")
            elif re.fullmatch(r"[\w+-]+\.(?:swift|c|h)", code) and code != "Package.swift":
                report.check(code in files, f"{page.path}: there is no file {code} in Sources")
            elif found := re.fullmatch(r"([A-Z][A-Za-z]*[a-z][A-Za-z]*)(?:\.(\w+))?(?:\([\w:]*\))?", code):
                holds = found[1] in types | rooms or found[1] in FOREIGN
                report.check(holds or page.path == "CONTRIBUTING.md", f"{page.path}: there is no type {found[1]}")
                if holds and found[2] and found[1] in types:
                    report.check(found[2] in members | types, f"{page.path}: there is no {code}")


# The pages themselves


def check_links(pages, root, report):
    for page in pages.values():
        prose = re.sub(r"```.*?```", "", page.text, flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            path = os.path.normpath(os.path.join(os.path.dirname(page.path), file)) if file else page.path
            if not report.check(os.path.exists(os.path.join(root, path)), f"{page.path}: the link {target} leads to no file"):
                continue
            if anchor and path in pages:
                report.check(anchor in pages[path].anchors, f"{page.path}: the link {target} leads to no heading")


def check_shape(pages, report):
    readme = pages["README.md"].text
    lines = len(readme.splitlines())
    report.check(90 <= lines <= 120, f"README.md: it has {lines} lines, not 90 to 120")
    for path in pages:
        if re.fullmatch(r"docs/[^/]+\.md", path):
            report.check(f"]({path})" in readme, f"README.md: it does not link {path}")


def check_named_tests(pages, root, report):
    """The tests that docs/security.md names exist."""
    sources = read(root, "Tests/**/*.swift") + read(root, "Tests/**/*.py")
    defined = set(re.findall(r"\b(?:func|struct|def|class) (\w+)", sources))
    path = "docs/security.md"
    names = set()
    for line in pages[path].text.splitlines():
        cells = line.strip().strip("|").split("|")
        if line.startswith("|") and len(cells) >= 3:
            names |= set(re.findall(r"`([a-z]\w+)`", cells[-1]))
    report.check(len(names) > 100, f"{path}: only {len(names)} tests are named")
    for name in sorted(names - defined):
        report.check(f'"{name}"' in read(root, "Tests/Torture/run") or name in read(root, "Tests/*/run"),
                     f"{path}: there is no test {name}")
