"""Pages with one thing left out or invented: the comparison must find each."""
import re

from . import coverage, pages
from .report import Report

# A page, a pattern, and what takes the place of its first match.
MUTANTS = [
    ("docs/cli.md", r"### `rebuild`", "### Making the catalog again"),
    ("docs/cli.md", r"\| `--idempotency-key KEY`.*\n", ""),
    ("docs/cli.md", r"\| `--insecure-api`.*\n", ""),
    ("docs/cli.md", r"\| `--grace TIME`", "| `--mercy TIME`"),
    ("docs/cli.md", r"`hostile`", "`cruel`"),
    ("docs/settings.md", r"\| `riskHours`.*\n", ""),
    ("docs/settings.md", r"\| `leaseSeconds`", "| `leaseMinutes`"),
    ("docs/settings.md", r"`FIXATIVE_HOOK_SECRET_FILE`", "a file"),
    ("docs/service.md", r"\| `POST /api/tasks`.*\n", ""),
    ("docs/service.md", r"\| `GET /thumbs/\{name\}`", "| `GET /previews/{name}`"),
    ("docs/service.md", r"`cursor`", "the cursor"),
    ("docs/service.md", r"\| `fixative_sweeps_total`.*\n", ""),
    ("docs/service.md", r"\| `fixative_tasks` \| `state`", "| `fixative_tasks` | `colour`"),
    ("docs/service.md", r"`output\.recovered`", "`output.healed`"),
    ("docs/audit.md", r"\| `transposed`.*\n", ""),
    ("docs/operations.md", r"`wrongMode`", "`mode`"),
    ("docs/architecture.md", r"\| `Markup`.*\n", ""),
    ("docs/architecture.md", r"`PictureInspector\.inspect`", "`PictureInspector.gaze`"),
    ("docs/security.md", r"`aCrashAffectsOnlyItsOwnPicture`", "`costsNothing`"),
    ("docs/operations.md", r"service\.md#metrics", "service.md#measures"),
    ("README.md", r"fixative verify --deep", "fixative verify --deeper"),
    ("README.md", r"\[docs/proofs\.md\]\(docs/proofs\.md\)", "the proofs"),
]


def check(documents, root, facts, report):
    for path, pattern, replacement in MUTANTS:
        text, count = re.subn(pattern, lambda _: replacement, documents[path].text, count=0 if path == "README.md" else 1)
        if not report.check(count > 0, f"{path}: the mutant '{pattern}' matches nothing; correct Tests/Docs/docs_test/mutants.py"):
            continue
        verdict = Report(is_quiet=True)
        coverage.check({**documents, path: pages.parse(path, text)}, root, facts, verdict)
        report.check(verdict.failed > 0, f"{path}: the check does not notice '{replacement}' in place of '{pattern}'")
