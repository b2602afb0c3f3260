"""A simulated upstream and the service beside it, as a user starts them."""
import contextlib, os, re, subprocess, tempfile, time, urllib.error, urllib.request

TOKEN = "read-token-0123456789"


class Program:
    """A running program, and what it has said on stderr so far."""

    def __init__(self, arguments, environment):
        self.log = tempfile.NamedTemporaryFile(suffix=".log")
        self.process = subprocess.Popen(arguments, env={**os.environ, **environment}, stderr=self.log, stdout=subprocess.DEVNULL)

    def said(self):
        with open(self.log.name, encoding="utf-8") as file:
            return file.read()

    def wait_for(self, pattern, times=1, seconds=60):
        """Waits until stderr holds `pattern` so often; gives its last match."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ended = self.process.poll() is not None
            found = list(re.finditer(pattern, self.said()))
            if len(found) >= times:
                return found[-1]
            if ended:
                break
            time.sleep(0.05)
        raise AssertionError(f"stderr did not match {pattern!r} {times} times: {self.said()[-2000:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(20)


@contextlib.contextmanager
def upstream(program, *arguments):
    """A simulated upstream's address."""
    simulator = Program([program, "simulate", "--port", "0", *arguments], {})
    try:
        yield simulator.wait_for(r"FIXATIVE_API_URL=(\S+)").group(1)
    finally:
        simulator.stop()


@contextlib.contextmanager
def service(program, storage, upstream, *arguments, **environment):
    """The running service and its address. It must end well."""
    running = Program(
        [program, "run", "--listen", "127.0.0.1:0", "--since", "1000d", "--sweep-interval", "1", "--log-format", "text", "--storage", storage, *arguments],
        {"FIXATIVE_API_URL": upstream, "FIXATIVE_API_KEY": "sk-never-to-be-seen-43", "FIXATIVE_ALLOW_PRIVATE_HOSTS": "true",
         "FIXATIVE_READ_TOKEN": TOKEN, **environment})
    try:
        yield running, running.wait_for(r"serving +(http://[^\s,]+)").group(1)
    finally:
        status = running.stop()
    assert status == 0, running.said()[-2000:]


def ask(url, token=TOKEN, data=None):
    """Status, headers and body of an answer."""
    request = urllib.request.Request(url, data=data, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()
