"""A storage folder, read by nothing but Python's own json, hashlib and sqlite3."""

import glob
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile

from .program import Program


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(
            file.read()).hexdigest()


class Storage:
    def __init__(self, path):
        self.path = path

    def blob(self, digest):
        return os.path.join(self.path, "blobs", "sha256", digest[:2], digest)

    def blobs(self):
        return sorted(glob.glob(os.path.join(glob.escape(self.path), "blobs", "sha256", "*", "*")))

    def record_path(self, task, index):
        found = glob.glob(os.path.join(glob.escape(self.path), "records", "*", "*", "*", f"{task}-{index}.json"))
        return found[0] if found else None

    def record(self, task, index):
        path = self.record_path(task, index)
        if path is None:
            return None
        with open(path, "rb") as file:
            return json.loads(file.read())

    def ingest(self):
        path = os.path.join(self.path, "ingest")
        return sorted(os.listdir(path)) if os.path.isdir(path) else []

    def rows(self):
        """Outputs and tasks of the catalog: {(task, index): row}, {task: row}. A copy is read, so that nothing is recovered or
        written that the program is to recover itself."""
        with tempfile.TemporaryDirectory(prefix="fixative-catalog-") as copy:
            for suffix in ("", "-wal"):
                source = os.path.join(self.path, "catalog.sqlite" + suffix)
                if os.path.exists(source):
                    shutil.copyfile(source, os.path.join(copy, "catalog.sqlite" + suffix))
            database = sqlite3.connect(os.path.join(copy, "catalog.sqlite"))
            database.row_factory = sqlite3.Row
            try:
                outputs = database.execute("SELECT task.id AS id, output.* FROM output JOIN task ON task.key = output.task")
                tasks = database.execute("SELECT * FROM task")
                return {(row["id"], row["idx"]): dict(row) for row in outputs}, {row["id"]: dict(row) for row in tasks}
            finally:
                database.close()

    def flaw(self, output, rows=None, digest=None):
        """What is wrong with an output that was acknowledged; None when it is whole: blob, name, record and row say the same.

        digest: what the upstream delivered, where that is known.
        """
        record = self.record(*output)
        if record is None:
            return "it has no record"
        if record["state"] != "archived" or (record["task"], record["index"]) != output:
            return f"its record has the state {record['state']} and names {record['task']} #{record['index']}"
        original = record["original"]
        if digest and original["digest"] != digest:
            return f"its record says {original['digest']}, but the upstream delivered {digest}"
        for blob in [original] + [derivative["blob"] for derivative in record["derivatives"]]:
            path = self.blob(blob["digest"])
            if not os.path.exists(path):
                return f"the blob {blob['digest']} is missing"
            if os.path.getsize(path) != blob["bytes"]:
                return f"the blob {blob['digest']} has {os.path.getsize(path)} bytes, its record says {blob['bytes']}"
            if sha256(path) != blob["digest"]:
                return f"the blob {blob['digest']} has bytes of another digest"
        row = (self.rows()[0] if rows is None else rows).get(output)
        if row is None:
            return "it has no row"
        if row["state"] != "archived" or row["digest"] != original["digest"] or row["bytes"] != original["bytes"]:
            return f"its row says {row['state']}, {row['digest']}, {row['bytes']} bytes"
        return None


def check_whole(setting, binary, path, context, untracked_is_fine=False):
    """That nothing in a storage folder is wrong, by our own eyes and by the program's."""
    storage = Storage(path)
    contents = {}
    for blob in storage.blobs():
        digest = sha256(blob)
        if digest != os.path.basename(blob):
            setting.err(f"{context}: {blob} has the SHA-256 {digest}")
        if digest in contents:
            setting.err(f"{context}: {blob} and {contents[digest]} have the same bytes")
        contents[digest] = blob
        if os.stat(blob).st_mode & 0o777 not in (0o400, 0o444):
            setting.err(f"{context}: {blob} has the mode {os.stat(blob).st_mode & 0o777:o}")
    left = storage.ingest()
    if left:
        setting.err(f"{context}: ingest/ still holds {', '.join(left)}")
    report = Program(binary, path).run("verify", "--deep", "--format", "json")
    if report.code != 0:
        setting.err(f"{context}: verify --deep: {report}\n{report.out}")
        return
    findings = json.loads(report.out)["findings"]
    if findings and not untracked_is_fine:
        setting.err(f"{context}: verify --deep has findings: {findings}")
