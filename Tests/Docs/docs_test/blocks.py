"""Runs the command blocks (```sh) of the pages, and compares the output that pages show.

A comment in the line before a block says where it runs. Without one it runs in a folder with an archive of the simulated account in
`pictures`, whose user has set the API's address and a key.

    <!-- run: empty folder -->        no archive yet
    <!-- run: demo archive -->        the archive of `fixative demo` in `storage`
    <!-- run: running service -->     the service runs on the archive; tokens are set
    <!-- run: until "TEXT" -->        the block is ended by SIGTERM when stderr shows TEXT, and must end with 0
    <!-- not run: REASON -->

Every command must end with 0, or with the code that its comment states: `# exit code 1: why`.
"""
import re
import shutil
import subprocess

from .pages import Block
from .world import KEY, TOKENS, Running


# Blocks that must be found wrong.
BROKEN = [
    ("", "fixative lits\n"),
    ("", "fixative list  # exit code 1: it is 0\n"),
    ("", "fixative list --lots\nfixative list\n"),
    ("run: nowhere", "fixative list\n"),
    ("run: empty folder", "fixative list\n"),
    ('run: until "serving"', "fixative list\n"),
]


def check(pages, world, report):
    run, skipped = 0, []
    for page in pages.values():
        for block in page.blocks:
            if block.language == "sh":
                if reason := re.fullmatch(r"not run: (.{5,})", block.marker):
                    skipped.append((block, reason[1]))
                    continue
                run += 1
                problem = perform(block, world)
                report.check(problem is None, f"{block.page}:{block.line}: {problem}")
            elif block.text.startswith("$ fixative "):
                check_shown(block, world, report)
    for block, reason in skipped:
        print(f"not run: {block.page}:{block.line}: {reason}")
    print(f"command blocks: {run} run, {len(skipped)} not run")
    report.check(run > 5, "too few command blocks were found")
    for marker, text in BROKEN:
        report.check(perform(Block("", 0, "sh", text, marker), world) is not None, f"the check does not notice that this block is wrong: {text}")


def perform(block, world):
    """Runs a block; gives what is wrong, or None."""
    text = block.text.replace("sk-…", KEY)
    missing = [tool for tool in set(re.findall(r"^(\w[\w.-]*)", text, re.M)) & {"curl", "rsync", "sqlite3"} if not shutil.which(tool)]
    if missing:
        return f"{', '.join(sorted(missing))} is not installed; run make test-deps"
    kind = re.fullmatch(r'run: (empty folder|demo archive|running service|until "(.*)")', block.marker)
    if block.marker and not kind:
        return f"its marker is not understood: {block.marker}"
    if not kind:
        return result(text.replace("127.0.0.1:8787", address(world)), world.account(FIXATIVE_STORAGE="pictures"), world.archive())
    if kind[1] == "empty folder":
        with world.other_account() as environment:
            # An example that names the key has it from nowhere else.
            if "FIXATIVE_API_KEY=" in text:
                del environment["FIXATIVE_API_KEY"]
            return result(text, environment, world.folder())
    if kind[1] == "demo archive":
        return result(text, world.environment(), world.demo())
    if kind[1] == "running service":
        with world.service() as (server, folder):
            text = text.replace("http://127.0.0.1:8080", server)
            return result(text, world.account(**TOKENS), folder)
    return until(kind[2], text, world)


def address(world):
    return world.api.removeprefix("http://")


def script(text):
    """The block as a script that ends at the first command whose exit code is not the stated one."""
    lines = ["trap : TERM"]
    for command in re.sub(r"\\\n\s*", "", text).splitlines():
        if not command.strip() or command.strip().startswith("#"):
            continue
        stated = re.search(r"# exit code (\d+)", command)
        wanted = stated[1] if stated else "0"
        shown = command.split("  #")[0].replace("'", "'\\''")
        lines.append(command)
        lines.append(f"code=$?; if [ $code -ne {wanted} ]; then printf '%s\\n' 'exit code '$code', not {wanted}: {shown}' >&2; exit 99; fi")
    return "\n".join(lines) + "\n"


def result(text, environment, folder):
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script(text)], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, errors="replace", timeout=300)
    return None if done.returncode == 0 else " / ".join(done.stderr.strip().splitlines()[-4:])


def until(shown, text, world):
    text = text.replace("127.0.0.1:8080", "127.0.0.1:0")
    environment = world.account()
    del environment["FIXATIVE_API_KEY"]
    running = Running(["bash", "-c", script(text)], environment, world.archive())
    appeared = running.wait_for(re.escape(shown))
    code = running.stop()
    if not appeared:
        return f"'{shown}' did not appear: {' / '.join(running.said[-4:])}"
    return None if code == 0 else f"it ended with {code}: {' / '.join(running.said[-4:])}"


def check_shown(block, world, report):
    """The lines under `$ fixative VERB …` are among those that the verb writes on the demo's archive; `…` stands for what is left out."""
    command, *lines = block.text.splitlines()
    done = subprocess.run(
        ["bash", "-c", command[2:]], cwd=world.demo(), env=world.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    written = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for line in lines:
        start = " ".join(line.split("…")[0].split())
        if start:
            holds = any(text == start or text.startswith(start + " ") for text in written)
            report.check(holds, f"{block.page}:{block.line}: '{command[2:]}' does not write: {start}")
