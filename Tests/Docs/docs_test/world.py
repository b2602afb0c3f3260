"""The built program in a scratch folder: a simulated account, an archive of it, and the service on that archive."""
import contextlib
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

KEY = "sk-docs-0123456789abcdef"
TOKENS = {"FIXATIVE_READ_TOKEN": "read-docs-0123456789", "FIXATIVE_ADMIN_TOKEN": "admin-docs-0123456789"}


class Running:
    """A program in the background, whose stderr can be waited for."""

    def __init__(self, command, environment, folder):
        self.process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, errors="replace", start_new_session=True)
        self.said = []
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stderr:
            self.said.append(line)
            self.lines.put(line)
        self.lines.put(None)

    def wait_for(self, pattern, seconds=60):
        """The match of the next line that holds `pattern`; None when the program ends or the time is over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                line = self.lines.get(timeout=left)
            except queue.Empty:
                return None
            if line is None:
                return None
            if found := re.search(pattern, line):
                return found
        return None

    def stop(self):
        """Ends the program and its children, and gives its exit code."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()


class World:
    def __init__(self, program, scratch):
        self.program = program
        self.scratch = scratch
        self.tools = f"{scratch}/bin"
        self._simulator = None
        self._archive = None
        self._demo = None
        self._count = 0

    def __enter__(self):
        os.makedirs(self.tools)
        os.makedirs(f"{self.scratch}/home")
        os.symlink(self.program, f"{self.tools}/fixative")
        # A browser that shows nothing.
        with open(f"{self.tools}/xdg-open", "w") as file:
            file.write('#!/bin/sh\ntest -f "$1"\n')
        os.chmod(f"{self.tools}/xdg-open", 0o755)
        self._simulator, self.api = self._simulate()
        try:
            self._make_archive()
        except BaseException:
            self._simulator.stop()
            raise
        return self

    def _make_archive(self):
        # First of all, so that the simulated account makes the same pictures whatever runs afterwards.
        self._archive = self._made(
            "archive", [self.program, "archive", "--since", "24h", "--storage", "pictures"], self.account())
        self._made_in(
            self._archive,
            [self.program, "submit", "--prompt", "a paper boat", "--size", "16:9", "--resolution", "2K", "--wait", "--storage", "pictures"],
            self.account())

    def __exit__(self, *_):
        if self._simulator:
            self._simulator.stop()

    def environment(self, **more):
        """Of a user who has set nothing, with the program on the PATH."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("FIXATIVE", "EVOLINK"))}
        return {**clean, "HOME": f"{self.scratch}/home", "XDG_CONFIG_HOME": f"{self.scratch}/home/.config",
                "PATH": f"{self.tools}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", **more}

    def account(self, **more):
        """The environment of a user of the simulated account."""
        return self.environment(
            FIXATIVE_API_URL=self.api, FIXATIVE_API_KEY=KEY, FIXATIVE_ALLOW_PRIVATE_HOSTS="true", **more)

    def folder(self):
        self._count += 1
        path = f"{self.scratch}/{self._count}"
        os.makedirs(path)
        return path

    def _simulate(self):
        """A simulated account, and the address of its API."""
        simulator = Running(
            [self.program, "simulate", "--port", "0", "--faults", "real", "--tasks", "6"], self.environment(), self.scratch)
        found = simulator.wait_for(r"FIXATIVE_API_URL=(\S+)")
        if not found:
            simulator.stop()
            raise RuntimeError("the simulator did not start: " + "".join(simulator.said))
        return simulator, found[1]

    @contextlib.contextmanager
    def other_account(self):
        """The environment of a user of another simulated account, whose tasks nobody else changes."""
        simulator, api = self._simulate()
        try:
            yield {**self.account(), "FIXATIVE_API_URL": api}
        finally:
            simulator.stop()

    def _made(self, name, command, environment):
        folder = f"{self.scratch}/{name}"
        os.makedirs(folder)
        return self._made_in(folder, command, environment)

    def _made_in(self, folder, command, environment):
        result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {result.returncode}: {result.stderr[-2000:]}")
        return folder

    def archive(self):
        """A fresh folder with an archive of the simulated account in `pictures`, and a key in the file `key`."""
        folder = self.folder()
        shutil.copytree(f"{self._archive}/pictures", f"{folder}/pictures", symlinks=True)
        with open(f"{folder}/key", "w") as file:
            file.write(KEY + "\n")
        os.chmod(f"{folder}/key", 0o600)
        return folder

    def demo(self):
        """A fresh folder with the archive of the demo in `storage`."""
        if self._demo is None:
            self._demo = self._made("demo", [self.program, "demo"], self.environment())
        folder = self.folder()
        shutil.copytree(f"{self._demo}/storage", f"{folder}/storage", symlinks=True)
        return folder

    @contextlib.contextmanager
    def service(self):
        """The service on an archive of the simulated account: its address, and the folder."""
        folder = self.archive()
        running = Running(
            [self.program, "run", "--listen", "127.0.0.1:0", "--log-format", "json", "--storage", "pictures"],
            self.account(**TOKENS, FIXATIVE_HOOK_SECRET="hook-docs-0123456789"), folder)
        try:
            found = running.wait_for(r'"address":"(http://[^"]+)"')
            # The archive is open when the first sweep has ended.
            if not found or not running.wait_for(r'"swept"'):
                raise RuntimeError("the service did not start: " + "".join(running.said)[-2000:])
            yield found[1], folder
        finally:
            running.stop()

    def code(self, arguments, folder, **variables):
        """The exit code of the program."""
        return subprocess.run(
            [self.program, *arguments], cwd=folder, env=self.environment(**variables), capture_output=True).returncode

    def get(self, url):
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKENS['FIXATIVE_READ_TOKEN']}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def help(self, *verb):
        """What the program tells about a verb, in lines as wide as they need."""
        command = [self.program, "help", *verb] if verb else [self.program, "--help"]
        return subprocess.run(
            command, env=self.environment(COLUMNS="400"), cwd=self.scratch, capture_output=True, text=True, check=True).stdout

    def json(self, url):
        return json.loads(self.get(url))
