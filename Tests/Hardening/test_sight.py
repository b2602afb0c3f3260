"""Quiet success when blind: "0 archived, exit 0" means that the account was really seen."""
import email.utils, json, os, shutil, sqlite3, tempfile, time, unittest
from upstream import Service, Upstream, fixative


def http_date(seconds):
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


PAGE = b"<!doctype html><html><body>Welcome! Accept the terms to go on.</body></html>"


class Sight(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.storage = self.folder.name + "/storage"
        self.api = Upstream()

    def tearDown(self):
        self.api.close()
        self.folder.cleanup()

    def archive(self, *arguments):
        return fixative("archive", "--since", "24h", "--storage", self.storage, *arguments, FIXATIVE_API_URL=self.api.url)

    def audit(self, *arguments):
        return fixative("audit", "--against-account", "--storage", self.storage, *arguments, FIXATIVE_API_URL=self.api.url)

    def fails(self, said, name):
        self.assertEqual(said.returncode, 1, said.stdout + said.stderr)
        self.assertIn(name + ":", said.stderr)

    def test_a_readable_account_is_a_success(self):
        self.api.headers = {"Date": http_date(0)}
        for tasks in [[], [self.api.failed("t-1", 60)], [self.api.failed("t-2", 30), self.api.failed("t-1", 60)]]:
            self.api.tasks = tasks
            for said in (self.archive(), self.audit()):
                self.assertEqual(said.returncode, 0, said.stdout + said.stderr)
                self.assertNotIn("PROBLEM", said.stderr)

    def test_a_wrong_clock_is_reported(self):
        self.archive()
        for skew in (-6 * 3600, 420):
            self.api.headers = {"Date": http_date(skew)}
            self.fails(self.archive(), "clock")
            self.fails(self.audit(), "clock")
            doctor = fixative("doctor", "--storage", self.storage, FIXATIVE_API_URL=self.api.url)
            self.assertEqual(doctor.returncode, 1)
        said = self.archive("--format", "json")
        self.assertEqual([p["name"] for p in json.loads(said.stdout)["problems"]], ["clock"])
        self.api.headers = {"Date": http_date(-200)}
        self.assertEqual(self.archive().returncode, 0)
        # An answer that a cache has kept for three hours tells the time by its age.
        self.api.headers = {"Date": http_date(-3 * 3600), "Age": str(3 * 3600)}
        self.assertEqual(self.archive().returncode, 0)

    def test_an_older_list_is_reported(self):
        old, new = self.api.failed("t-old", 3000), self.api.failed("t-new", 60)
        self.api.tasks = [new, old]
        self.assertEqual(self.archive().returncode, 0)
        everything = self.api.usual
        # The tasks can still be read: it is the list that is an old copy.
        for rows in ([old], []):
            body = json.dumps({"data": rows, "total": len(rows), "page": 1, "page_size": 50}).encode()
            self.api.answer = lambda path: (
                (200, {}, body) if path.startswith("/v1/tasks?") and "page=1&" in path else everything(path, b'{"task_ids":[]}'))
            self.fails(self.archive(), "stale-list")
            said = self.audit("--format", "json")
            self.fails(said, "stale-list")
            self.assertFalse(json.loads(said.stdout)["isStable"])
        self.api.answer = None
        self.assertEqual(self.archive().returncode, 0)
        self.assertEqual(self.audit().returncode, 0)

    def test_an_incomplete_list_is_reported(self):
        self.api.tasks = [self.api.failed("t-2", 30), self.api.failed("t-1", 60)]
        self.assertEqual(self.archive().returncode, 0)
        usual = self.api.usual
        rows = json.dumps(self.api.tasks)
        announced, cut = f'{{"data":{rows},"total":120}}'.encode(), f'{{"data":{rows[:-1]},{{"id":"t-'.encode()
        empty = b'{"data":[],"total":120}'

        def answer(first, status, later):
            def told(path):
                if not path.startswith("/v1/tasks?"):
                    return usual(path, b'{"task_ids":[]}')
                return (200, {}, first) if "page=1&" in path else (status, {}, later)
            self.api.answer = told

        for first, status, later in [
                (empty, 200, empty), (announced, 200, empty), (announced, 400, b"{}"), (announced, 404, b""), (announced, 405, b""),
                (announced, 451, b""), (cut, 200, b'{"data":[]}')]:
            answer(first, status, later)
            self.fails(self.archive(), "incomplete-list")
            self.fails(self.audit(), "incomplete-list")
        with Service(self.storage, FIXATIVE_API_URL=self.api.url) as service:
            service.becomes(503, "incomplete-list:")
            self.api.answer = None
            service.becomes(200)
            self.assertEqual(service.stop(), 0, service.said())

    def test_a_foreign_answer_is_reported(self):
        self.archive()
        self.api.answer = lambda path: (200, {"Content-Type": "text/html"}, PAGE)
        self.fails(self.archive(), "not-the-api")
        self.api.answer = lambda path: (403, {"Content-Type": "text/html"}, PAGE)
        self.fails(self.audit(), "not-the-api")
        self.assertEqual(fixative("doctor", "--storage", self.storage, FIXATIVE_API_URL=self.api.url).returncode, 1)

    def test_a_service_reports_a_problem_until_it_ends(self):
        self.api.headers = {"Date": http_date(0)}
        self.api.tasks = [self.api.failed("t-1", 60)]
        with Service(self.storage, FIXATIVE_API_URL=self.api.url) as service:
            service.becomes(200)
            self.api.headers = {"Date": http_date(7200)}
            self.assertIn("clock", service.becomes(503, "clock:"))
            self.api.headers = {"Date": http_date(0)}
            service.becomes(200)
            self.api.tasks = [self.api.failed("t-0", 600)]
            service.becomes(503, "stale-list:")
            self.api.tasks = [self.api.failed("t-2", 10)]
            service.becomes(200)
            self.assertIn('"problem":"clock"', service.said())
            self.assertEqual(service.stop(), 0, service.said())

    def test_a_replaced_or_removed_catalog_stops_the_service(self):
        catalog = self.storage + "/catalog.sqlite"
        for harm in (os.unlink, lambda path: (shutil.copy(path, path + "2"), os.replace(path + "2", path)),
                     lambda path: os.unlink(self.storage + "/fixative-archive.json")):
            shutil.rmtree(self.storage, ignore_errors=True)
            with Service(self.storage, FIXATIVE_API_URL=self.api.url) as service:
                service.becomes(200)
                harm(catalog)
                service.becomes(503, "catalog-replaced:")
                self.assertEqual(service.stop(), 1)
                self.assertIn('"problem":"catalog-replaced"', service.said())


if __name__ == "__main__":
    unittest.main()
