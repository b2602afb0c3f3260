"""The 21 right files (7 algorithms in 3 formats), some with a time stamp of `openssl ts` fetched over HTTP, and right variants of them."""

import http.server
import pathlib
import subprocess
import tempfile
import threading
import urllib.request

import credential_certificates as certificates
from credential_cases import make
from credential_files import FORMATS, JPEG, WebP
from credential_store import Assertion, actions

CONFIGURATION = """
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.3.6.1.4.1.13762.3
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class TimeService:
    """A time-stamp authority on the loopback interface: HTTP in front of `openssl ts`."""

    def __init__(self, authority):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="credentials-tsa-"))
        (self.folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=self.folder))
        (self.folder / "serial").write_text("01\n")
        (self.folder / "leaf.pem").write_text(certificates.pem(authority.certificate))
        (self.folder / "chain.pem").write_text(certificates.pem(*authority.chain))
        serialization = certificates.serialization
        (self.folder / "key.pem").write_bytes(
            authority.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                answer = service.answer(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, query):
        (self.folder / "query").write_bytes(query)
        subprocess.run(
            [
                "openssl",
                "ts",
                "-reply",
                "-config",
                "tsa.cnf",
                "-queryfile",
                "query",
                "-inkey",
                "key.pem",
                "-signer",
                "leaf.pem",
                "-chain",
                "chain.pem",
                "-out",
                "reply",
            ],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )
        return (self.folder / "reply").read_bytes()

    def stamp(self, data):
        """The token over the data, as a client of the protocol gets it."""
        (self.folder / "data").write_bytes(data)
        subprocess.run(
            ["openssl", "ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "request"],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )
        url = f"http://127.0.0.1:{self.server.server_port}/"
        request = urllib.request.Request(url, (self.folder / "request").read_bytes(), {"Content-Type": "application/timestamp-query"})
        reply = urllib.request.urlopen(request, timeout=10).read()
        return certificates.tsp.TimeStampResp.load(reply)["time_stamp_token"].dump()


def right():
    """Seven algorithms in three formats; every second one stamped by the service."""
    service = TimeService(certificates.time_authority())
    for index, algorithm in enumerate(certificates.ALGORITHMS):
        for number, (kind, picture) in enumerate(FORMATS.items()):
            stamp = service.stamp if (index + number) % 2 else None
            yield make(f"right-{algorithm}-{kind}", "trusted", "15.7", algorithm=algorithm, picture=picture(), stamp=stamp)
    service.server.shutdown()


def right_variants():
    def stamp(data):
        return certificates.time_stamp(data)

    for kind, picture in FORMATS.items():
        yield make(f"right-v1-{kind}", "trusted", "10.2", version=1, picture=picture())
        yield make(f"right-v1-stamped-{kind}", "trusted", "10.3.2.5", version=1, picture=picture(), stamp=stamp)
        yield make(
            f"right-large-store-{kind}",
            "trusted",
            "11.1.4",
            picture=picture(),
            assertions=[Assertion("c2pa.icon", bytes(range(256)) * 600, "embedded", media="image/png"), actions()],
        )
    yield make("right-jpeg-small-segments", "trusted", "A.3.1", picture=JPEG(segment=700))
    yield make("right-jpeg-box-number", "trusted", "A.3.1", picture=JPEG(number=b"\0\1"))
    yield make("right-webp-lossless", "trusted", "A.3.6", picture=WebP(is_lossless=True))
    yield make("right-webp-odd-store", "trusted|invalid", "A.3.6", picture=WebP(), wants_odd=True)
    yield make(
        "right-webp-odd-store-padding-hashed",
        "trusted",
        "15.12.1.1",
        picture=WebP(),
        wants_odd=True,
        exclusions=lambda r, d: [(r[0][0], r[0][1] - 1)],
    )


def lists():
    """Files that are judged again with other lists, see `credential_clock`."""
    yield make("list-stranger", "valid", "14.4.1", identity=certificates.stranger())
    wrong = certificates.issue("Wrong Stranger", "p256", certificates.roots()[1], number=91, usages=(certificates.SERVER,))
    yield make("list-wrong-usage", "invalid", "14.4.3", identity=wrong)


GROUPS = [right, right_variants, lists]
