"""The reference: c2pa-python with the lists and the EKU list that we use ourselves."""

import io
import json
import os
import pathlib
import subprocess
import sys

STATES = ["absent", "unreadable", "invalid", "valid", "trusted"]
RANK = {"absent": 0, "unreadable": 0, "invalid": 1, "valid": 2, "trusted": 3}
# The EKUs of section 14.4.1: without this list the reference refuses documentSigning and c2pa-kp-claimSigning.
USAGES = ["1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.62558.2.1", "1.3.6.1.4.1.311.76.59.1.9"]
KINDS = ("success", "informational", "failure")
MEDIA = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}


class Reference:
    def __init__(self, lists, anchors=None, time_anchors=None, allowed=None):
        import c2pa

        self.c2pa = c2pa
        lists = pathlib.Path(lists)
        signers = (lists / "C2PA-TRUST-LIST.pem").read_text() + (pathlib.Path(anchors).read_text() if anchors else "")
        times = (lists / "C2PA-TSA-TRUST-LIST.pem").read_text() + (pathlib.Path(time_anchors).read_text() if time_anchors else "")
        trust = {
            "anchors": [
                {"trust_anchors": signers, "trust_uri": "urn:signers", "trust_kind": "manifest"},
                {"trust_anchors": times, "trust_uri": "urn:times", "trust_kind": "tsa"},
            ],
            "trust_config": "\n".join(USAGES) + "\n",
        }
        if allowed:
            trust["anchors"][0]["allowed_list"] = pathlib.Path(allowed).read_text()
        verify = {"remote_manifest_fetch": False, "ocsp_fetch": False}
        self.context = c2pa.Context(c2pa.Settings.from_dict({"trust": trust, "verify": verify}))

    def report(self, data, media):
        with self.c2pa.Reader(media, io.BytesIO(data), context=self.context) as reader:
            return json.loads(reader.json())

    def judge(self, data, media):
        try:
            return summary(self.report(data, media))
        except Exception as error:
            text = str(error)
            is_absent = "ManifestNotFound" in text or type(error).__name__.endswith("ManifestNotFound")
            return {"state": "absent" if is_absent else "unreadable", "error": text[:300], **{kind: [] for kind in KINDS}}


def summary(report):
    """State and codes; those of ingredients count as well."""
    results = report.get("validation_results", {})
    groups = [results.get("activeManifest") or {}]
    groups += [delta.get("validationDeltas") or {} for delta in results.get("ingredientDeltas") or []]
    found = {kind: sorted({one["code"] for group in groups for one in group.get(kind) or []}) for kind in KINDS}
    why = [f"{one['code']}: {one.get('explanation', '')}"[:160] for group in groups for one in group.get("failure") or []]
    return {"state": report["validation_state"].lower(), **found, "why": why}


def judged_at(moment, lists, files, time_anchors=None):
    """The reference's results under another clock, from a process of its own under libfaketime; nothing where that is not installed."""
    libraries = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not libraries:
        return [{"state": "not asked", **{kind: [] for kind in KINDS}} for _ in files]
    clock = {"LD_PRELOAD": str(libraries[0]), "FAKETIME": f"@{moment} 12:00:00", "FAKETIME_DONT_RESET": "1", "TZ": "UTC"}
    command = [sys.executable, __file__, str(lists), str(time_anchors or ""), *map(str, files)]
    done = subprocess.run(command, env={**os.environ, **clock}, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main():
    lists, time_anchors, *files = sys.argv[1:]
    reference = Reference(lists, time_anchors=time_anchors or None)
    print(json.dumps([reference.judge(pathlib.Path(one).read_bytes(), MEDIA[pathlib.Path(one).suffix]) for one in files]))


if __name__ == "__main__":
    main()
