"""Where the key goes: only to the API that the operator has named, outside of the archive, and over HTTPS. Where other secrets go: nowhere."""
import json, os, signal, subprocess, tempfile, time, unittest
from upstream import KEY, PROGRAM, READ_TOKEN, Service, Upstream, fixative


class Key(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.storage = self.folder.name + "/storage"
        os.mkdir(self.storage)
        self.api, self.thief = Upstream(), Upstream()

    def tearDown(self):
        self.api.close()
        self.thief.close()
        self.folder.cleanup()

    def archive_file(self, **settings):
        with open(self.storage + "/fixative.json", "w") as file:
            json.dump(settings, file)

    def config(self, name, mode=0o600, **settings):
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            json.dump(settings, file)
        os.chmod(path, mode)
        return path

    def test_an_archive_from_elsewhere_cannot_redirect_the_key(self):
        self.archive_file(apiUrl=self.thief.url, allowPrivateHosts=True, resultHosts=["evil.example"], insecureApi=True, workers=2)
        verbs = [
            ["archive", "--since", "24h"], ["archive", "task-1", "--patience", "1"], ["retry", "--patience", "1"],
            ["audit", "--against-account"], ["doctor"],
        ]
        for verb in verbs:
            said = fixative(*verb, "--storage", self.storage, FIXATIVE_API_URL=self.api.url)
            self.assertIn("WARNING" if verb != ["doctor"] else "allowPrivateHosts", said.stderr + said.stdout, verb)
            self.assertIn("allowPrivateHosts", said.stderr + said.stdout)
            self.assertIn("config.json", said.stderr + said.stdout, "the message names the config file")
        with Service(self.storage, FIXATIVE_API_URL=self.api.url) as service:
            service.becomes(200)
            self.assertIn("allowPrivateHosts", service.said())
            for line in service.said().splitlines():
                json.loads(line)
        self.assertEqual(self.thief.requests, [])
        self.assertEqual(self.api.keys_seen(), {"Bearer " + KEY})

    def test_an_archive_may_only_lower_limits(self):
        self.archive_file(maxPixels=900_000_000, maxBytes=1 << 39, workers=3)
        said = fixative("archive", "--storage", self.storage, FIXATIVE_API_URL=self.api.url)
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertIn("maxPixels", said.stderr)
        self.assertIn("maxBytes", said.stderr)
        self.assertNotIn("workers", said.stderr)
        self.archive_file(maxPixels=1_000_000)
        self.assertNotIn("WARNING", fixative("archive", "--storage", self.storage, FIXATIVE_API_URL=self.api.url).stderr)

    def test_invalid_numbers_are_refused_by_name(self):
        for key, value in [("leaseSeconds", 1 << 62), ("workers", 10**9), ("riskHours", 1e300), ("sweepInterval", -1), ("downloads", 10**30)]:
            self.archive_file(**{key: value})
            said = fixative("archive", "--storage", self.storage, FIXATIVE_API_URL=self.api.url)
            self.assertEqual(said.returncode, 2, key)
            self.assertIn(key, said.stderr)

    def test_an_archive_file_that_is_not_regular_is_refused(self):
        os.mkfifo(self.storage + "/fixative.json")
        said = fixative("list", "--storage", self.storage, seconds=10)
        self.assertEqual(said.returncode, 2)
        os.unlink(self.storage + "/fixative.json")
        secret = self.config("secret.json", apiUrl=self.thief.url)
        os.symlink(secret, self.storage + "/fixative.json")
        self.assertEqual(fixative("list", "--storage", self.storage).returncode, 2)

    def test_config_files_are_read_only_outside_the_archive(self):
        named = self.config("named.json", apiUrl=self.api.url)
        user = self.config("xdg/fixative/config.json", apiUrl=self.thief.url)
        xdg = self.folder.name + "/xdg"

        def address(*arguments, **more):
            return fixative("doctor", "--storage", self.storage, *arguments, **more).stdout

        self.assertIn(self.thief.url, address(XDG_CONFIG_HOME=xdg))
        self.assertIn(self.api.url, address(XDG_CONFIG_HOME=xdg, FIXATIVE_CONFIG=named))
        self.assertIn(self.api.url, address("--config", named, XDG_CONFIG_HOME=xdg, FIXATIVE_CONFIG=user))
        self.assertIn("http://127.0.0.1:9", address("--config", named, FIXATIVE_API_URL="http://127.0.0.1:9"))
        home = self.folder.name + "/home"
        self.config("home/.config/fixative/config.json", apiUrl=self.api.url)
        self.assertIn(self.api.url, address(HOME=home))

        def refused(path, word):
            said = fixative("doctor", "--config", path, "--storage", self.storage)
            self.assertEqual(said.returncode, 2)
            self.assertIn(word, said.stderr)

        refused(self.folder.name + "/none.json", "no config file")
        refused(self.config("open.json", 0o666, apiUrl=self.api.url), "chmod")
        refused(self.config("storage/mine.json", apiUrl=self.api.url), "inside the storage")
        os.symlink(self.storage + "/mine.json", self.folder.name + "/link.json")
        refused(self.folder.name + "/link.json", "inside the storage")

    def test_the_key_is_never_sent_unencrypted(self):
        self.assertEqual(fixative("archive", "--storage", self.storage, FIXATIVE_API_URL=self.api.url).returncode, 0)
        for verb in [["archive", "t-1"], ["submit", "--prompt", "x"], ["run", "--listen", "127.0.0.1:0"], ["audit", "--against-account"]]:
            for url in ["http://192.0.2.7", "HTTP://localhost.example:8080"]:
                said = fixative(*verb, "--storage", self.storage, "--api-url", url, seconds=20)
                self.assertEqual(said.returncode, 2, (verb, url))
                self.assertIn("--insecure-api", said.stderr)
        for url in [
            "http://127.0.0.1:65536", "https://user@api.example", "https://api.example\\@evil.example",
        ]:
            said = fixative("archive", "t-1", "--storage", self.storage, "--api-url", url, seconds=20)
            self.assertEqual(said.returncode, 2, url)
            self.assertIn("is not an http(s) address", said.stderr)
        # A name that only /etc/hosts or DNS knows is no loopback, and the flag is what allows it.
        said = fixative("doctor", "--storage", self.storage, "--api-url", "http://nobody.invalid")
        self.assertIn("does not use HTTPS", said.stdout)
        try:
            said = fixative("archive", "t-1", "--storage", self.storage, "--api-url", "http://nobody.invalid", "--insecure-api", seconds=2).stderr
        except subprocess.TimeoutExpired as still:
            said = (still.stderr or b"").decode()
        self.assertNotIn("--insecure-api", said)

    def test_the_key_is_not_sent_to_the_target_of_a_redirect(self):
        self.api.answer = lambda path: (307, {"Location": self.thief.url + path}, b"")
        said = fixative("archive", "--since", "24h", "--storage", self.storage, FIXATIVE_API_URL=self.api.url)
        self.assertEqual(said.returncode, 1, said.stderr)
        self.assertIn("redirect:", said.stderr)
        self.assertEqual(self.thief.requests, [])

    def holding(self, *secrets):
        """The files of this test that hold one of the secrets."""
        paths = [os.path.join(folder, name) for folder, _, names in os.walk(self.folder.name) for name in names]
        return [path for path in paths if any(secret.encode() in open(path, "rb").read() for secret in secrets)]

    def test_a_repeated_callback_address_reveals_no_secret(self):
        hook = "hook-secret-0123456789"
        address = "https://archive.example/hooks/" + hook
        task = {**self.api.failed("t-1", 60), "callback_url": address, "metadata": {hook: address},
                "error": {"code": "callback", "message": f"can't call {address}, and knows {READ_TOKEN}"}}
        self.api.tasks = [task]
        for log_format in ("json", "text"):
            storage = self.storage + "-" + log_format
            with Service(storage, log_format=log_format, FIXATIVE_API_URL=self.api.url, FIXATIVE_HOOK_SECRET=hook) as service:
                end = time.monotonic() + 30
                while "can't call" not in service.said() and time.monotonic() < end:
                    time.sleep(0.1)
                said, told = service.said(), service.get("/api/tasks/t-1")
                self.assertIn("can't call", said)
                self.assertEqual(told[0], 200)
                self.assertIn("[removed], and knows [removed]", told[1])
                for text in (said, told[1]):
                    self.assertNotIn(hook, text)
                    self.assertNotIn(READ_TOKEN, text)
        # Verbs know the secrets of their environment, and the address of their own request.
        said = fixative("archive", "t-1", "--storage", self.storage + "-a", FIXATIVE_API_URL=self.api.url,
                        FIXATIVE_HOOK_SECRET=hook, FIXATIVE_READ_TOKEN=READ_TOKEN)
        self.assertNotIn(hook, said.stdout + said.stderr)
        body = json.dumps({**task, "id": "t-2", "status": "pending", "error": None, "metadata": [address]}).encode()
        self.api.answer = lambda path: (200, {"Content-Type": "application/json"}, body)
        said = fixative("submit", "--prompt", "x", "--callback-url", address, "--storage", self.storage + "-b", FIXATIVE_API_URL=self.api.url)
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertEqual(self.holding(hook, READ_TOKEN), [])

    def test_a_crash_ends_the_process_without_a_core_dump(self):
        for number in (signal.SIGILL, signal.SIGSEGV, signal.SIGTRAP, signal.SIGBUS):
            with Service(self.storage, FIXATIVE_API_URL=self.api.url) as service:
                with open(f"/proc/{service.process.pid}/limits") as limits:
                    core = next(line for line in limits if line.startswith("Max core file size"))
                self.assertEqual(core.split()[4], "0")
                begun = time.monotonic()
                service.process.send_signal(number)
                self.assertEqual(service.process.wait(10), -number)
                self.assertLess(time.monotonic() - begun, 2)

    def test_no_other_process_reads_the_environment(self):
        # Root reads everything, so that for root both processes become another user.
        user = {"user": 65534} if os.getuid() == 0 else {}
        secret = {"PATH": os.environ["PATH"], "FIXATIVE_API_KEY": KEY}
        line = [os.path.abspath(PROGRAM), "simulate", "--port", "0"]
        simulator = subprocess.Popen(line, env=secret, cwd="/", stderr=subprocess.PIPE, **user)
        try:
            self.assertIn(b"listens on", simulator.stderr.readline())
            said = subprocess.run(["cat", f"/proc/{simulator.pid}/environ"], capture_output=True, cwd="/", **user)
            self.assertNotEqual(said.returncode, 0)
            self.assertEqual(said.stdout, b"")
        finally:
            simulator.kill()
            simulator.communicate()


if __name__ == "__main__":
    unittest.main()
