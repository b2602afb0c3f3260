"""One mutation: a small change of the code that breaks a promise, and the tests that should notice it."""
import importlib.util
import pathlib
import re
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Stands for the condition "this mutant is chosen" in the new text.
CONDITION = "MUTANT"


@dataclass(frozen=True)
class Mutant:
    # Stable: reports and notes refer to it.
    id: str
    # Below Sources.
    file: str
    # Occurs exactly once in the file.
    old: str
    # Takes the place of `old`, and contains CONDITION.
    new: str
    # `Target.Suite` or `Target.Suite/test`, separated by spaces.
    tests: str
    # What no longer holds. Printed if no test notices it.
    promise: str
    # Why no test can notice the change.
    equivalent: str | None = None
    # Whether the tests have time limits of their own, so that nothing may run beside them.
    alone: bool = False

    @property
    def path(self):
        return "Sources/" + self.file

    @property
    def target(self):
        return self.file.split("/")[0]

    @property
    def filter(self):
        """The regular expression for swift-testing. Each name ends at a separator, so that longer names do not match."""
        names = []
        for name in self.tests.split():
            suite, _, test = name.partition("/")
            names.append(suite.replace(".", "[.]") + "/" + (test + "[(]" if test else ""))
        return "^(" + "|".join(names) + ")"


def swap(id, file, old, new, tests, promise, **more):
    """An expression that becomes another one."""
    return Mutant(id, file, old, f"({CONDITION} ? {new} : {old})", tests, promise, **more)


def drop(id, file, old, tests, promise, **more):
    """A statement that is left out."""
    condition = f"if (!{CONDITION})" if file.endswith(".c") else f"if !{CONDITION}"
    return Mutant(id, file, old, f"{condition} {{ {old} }}", tests, promise, **more)


def put(id, file, old, new, tests, promise, **more):
    """Any change; `new` contains the condition."""
    return Mutant(id, file, old, new, tests, promise, **more)


def load():
    """All mutations, in the order of their files and their places in them."""
    mutants = []
    for path in sorted((HERE / "list").glob("*.py")):
        spec = importlib.util.spec_from_file_location("mutants_" + path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        mutants += module.MUTANTS
    return mutants


def faults(mutants):
    """What is wrong with the list, as lines of text."""
    found, ids, spans, texts = [], set(), {}, {}
    tests = test_names()
    for mutant in mutants:
        def fault(text):
            found.append(f"{mutant.id}: {text}")
        if mutant.id in ids:
            fault("the id occurs twice")
        ids.add(mutant.id)
        if not re.fullmatch(r"[a-z]+(-[a-z]+)*-\d{3}", mutant.id):
            fault("the id must be a room and a number of three digits")
        if CONDITION not in mutant.new:
            fault(f"the new text lacks the condition {CONDITION}")
        if not mutant.equivalent and not mutant.tests.split():
            fault("no tests are named")
        for name in mutant.tests.split():
            if name not in tests:
                fault(f"there is no test {name}")
        file = ROOT / mutant.path
        if mutant.path not in texts:
            texts[mutant.path] = file.read_text() if file.exists() else ""
        text = texts[mutant.path]
        count = text.count(mutant.old)
        if count != 1:
            fault(f"the old text occurs {count} times in {mutant.path}, not once")
            continue
        start = text.index(mutant.old)
        for other, (begin, end) in spans.setdefault(mutant.path, {}).items():
            if start < end and begin < start + len(mutant.old):
                fault(f"it overlaps with {other}")
        spans[mutant.path][mutant.id] = (start, start + len(mutant.old))
    return found


def test_names():
    """`Target.Suite` and `Target.Suite/test` of all Swift tests. A file may hold several suites, so each test goes with each."""
    names = set()
    for path in (ROOT / "Tests").glob("*Tests/*.swift"):
        text = path.read_text()
        suites = re.findall(r"^(?:@Suite(?:\([^)]*\))? )?(?:struct|extension|final class) (\w+)", text, re.M)
        tests = re.findall(r"@Test\b.*?\bfunc (\w+)", text, re.S)
        for suite in suites:
            names.add(f"{path.parent.name}.{suite}")
            names.update(f"{path.parent.name}.{suite}/{test}" for test in tests)
    return names


def line(mutant):
    """The line of the mutation in its file, from 1."""
    text = (ROOT / mutant.path).read_text()
    return text[:text.index(mutant.old)].count("\n") + 1
