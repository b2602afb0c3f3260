"""Cases in the hard binding by a data hash (15.10.1.2, 15.12.1, 18.5). All are signed after the change."""

from credential_cases import flipped, make, using, without
from credential_files import FORMATS
from credential_store import Assertion, actions

MISMATCH, MALFORMED = ("assertion.dataHash.mismatch",), ("assertion.dataHash.malformed",)


def two_bindings():
    extra = {"name": "second", "alg": "sha256", "hash": bytes(32), "pad": b"", "exclusions": []}
    yield make(
        "binding-twice",
        "invalid",
        "15.10.1.2",
        ("assertion.multipleHardBindings",),
        assertions=[actions(), Assertion("c2pa.hash.data__1", extra)],
    )
    yield make(
        "binding-data-and-boxes",
        "invalid",
        "15.10.1.2",
        assertions=[actions(), Assertion("c2pa.hash.boxes", {"alg": "sha256", "boxes": []})],
    )
    yield make(
        "binding-data-and-bmff",
        "invalid",
        "15.10.1.2",
        assertions=[actions(), Assertion("c2pa.hash.bmff.v3", {"alg": "sha256", "hash": bytes(32), "exclusions": []})],
    )
    yield make(
        "binding-only-bmff",
        "invalid",
        "15.12",
        has_binding=False,
        assertions=[actions(), Assertion("c2pa.hash.bmff.v3", {"alg": "sha256", "hash": bytes(32), "exclusions": []})],
    )
    yield make(
        "binding-only-boxes-empty",
        "invalid",
        "15.12.3",
        has_binding=False,
        assertions=[actions(), Assertion("c2pa.hash.boxes", {"alg": "sha256", "boxes": []})],
    )
    yield make(
        "binding-collection",
        "invalid",
        "15.12",
        has_binding=False,
        assertions=[actions(), Assertion("c2pa.hash.collection.data", {"alg": "sha256", "uris": []})],
    )


def value(name, change, highest="invalid", section="18.5.1", codes=(), **more):
    return make(f"data-hash-{name}", highest, section, codes, hooks={"c2pa.hash.data": change}, **more)


def ranges(name, change, highest="invalid", section="15.12.1.1", codes=MISMATCH + MALFORMED, picture=None, **more):
    return make(f"exclusions-{name}", highest, section, codes, picture=picture, exclusions=change, **more)


def data_hashes():
    """The fields of the data hash (18.5)."""
    yield value("flipped", lambda v: v | {"hash": flipped(v["hash"], 31)}, codes=MISMATCH)
    yield value("cut", lambda v: v | {"hash": v["hash"][:20]}, codes=MISMATCH + MALFORMED)
    yield value("longer", lambda v: v | {"hash": v["hash"] + b"\0"}, codes=MISMATCH + MALFORMED)
    yield value("empty", lambda v: v | {"hash": b""}, codes=MISMATCH + MALFORMED)
    yield value("text", lambda v: v | {"hash": v["hash"].hex()})
    yield value("missing", without("hash"), codes=MISMATCH + MALFORMED)
    yield value("without-alg", without("alg"), "trusted", "15.4.1")
    yield value("without-name", without("name"), "trusted")
    yield value("without-pad", without("pad"), "invalid", "18.5.2")
    yield value("without-exclusions", without("exclusions"), codes=MISMATCH + MALFORMED)
    yield value("exclusions-empty", using(exclusions=[]), codes=MISMATCH + MALFORMED)
    yield value("pad-text", using(pad="x"), "invalid", "18.5.2")
    yield value("pad-not-zero", using(pad=b"\1" * 8), None)
    yield value("pad2", using(pad2=bytes(4)), None)
    yield value("url", using(url="https://example.com"), "trusted")
    yield value("unknown-field", using(own=5), None)
    yield value("alg-sha1", using(alg="sha1"), codes=("algorithm.unsupported",))
    yield value("alg-unknown", using(alg="sha999"), codes=("algorithm.unsupported",))
    for name in ("sha384", "sha512"):
        yield make(f"data-hash-{name}", "trusted", "13.1", hooks={"assertions": hash_with(name)})


def exclusions():
    """The list of excluded ranges; the hash is right for the list as it stands (15.12.1.1)."""
    for kind, picture in FORMATS.items():
        yield ranges(f"longer-{kind}", lambda r, d: [(r[0][0], r[0][1] + 1)], picture=picture())
        yield ranges(f"shorter-{kind}", lambda r, d: [(r[0][0], r[0][1] - 1)], picture=picture())
        yield ranges(f"earlier-{kind}", lambda r, d: [(r[0][0] - 1, r[0][1])], picture=picture())
        yield ranges(f"later-{kind}", lambda r, d: [(r[0][0] + 1, r[0][1])], picture=picture())
        yield ranges(f"all-{kind}", lambda r, d: [(0, len(d))], picture=picture())
        yield ranges(
            f"split-{kind}", lambda r, d: [(r[0][0], 50), (r[0][0] + 50, r[0][1] - 50)], "invalid|trusted", codes=(), picture=picture()
        )
        yield ranges(f"gap-inside-{kind}", lambda r, d: [(r[0][0], 50), (r[0][0] + 60, r[0][1] - 60)], picture=picture())
    yield ranges("pixels-inside", lambda r, d: [(r[0][0], r[0][1] + 2000)])
    yield ranges("second-over-pixels", lambda r, d: r + [(r[0][0] + r[0][1] + 20, 500)], "invalid", codes=())
    yield ranges("second-over-pixels-webp", lambda r, d: [(40, 500)] + r, "invalid", codes=(), picture=FORMATS["webp"]())
    yield ranges("second-over-pixels-jpeg", lambda r, d: r + [(len(d) - 600, 500)], "invalid", codes=(), picture=FORMATS["jpeg"]())
    yield ranges("second-over-header", lambda r, d: [(8, 25)] + r, None)
    yield ranges("second-at-end", lambda r, d: r + [(len(d) - 12, 12)], None)
    yield ranges("second-beyond-end", lambda r, d: r + [(len(d), 10)])
    yield ranges("second-over-end", lambda r, d: r + [(len(d) - 6, 12)])
    yield ranges("unordered", lambda r, d: r + [(8, 25)], codes=MALFORMED)
    yield ranges("overlap", lambda r, d: r + [(r[0][0] + 10, r[0][1])], codes=MALFORMED)
    yield ranges("same-twice", lambda r, d: r + r, codes=MALFORMED)
    yield ranges("inside", lambda r, d: r + [(r[0][0] + 10, 10)], codes=MALFORMED)
    yield ranges("zero-length", lambda r, d: r + [(r[0][0] + r[0][1] + 5, 0)], None)
    yield ranges("huge-length", lambda r, d: [(r[0][0], 2**62)])
    yield ranges("huge-start", lambda r, d: r + [(2**63 - 5, 100)])
    yield ranges("overflow", lambda r, d: r + [(2**64 - 5, 100)])
    yield value("exclusion-negative-start", lambda v: v | {"exclusions": v["exclusions"] + [{"start": -5, "length": 3}]}, codes=())
    yield value("exclusion-negative-length", lambda v: v | {"exclusions": v["exclusions"] + [{"start": 9000, "length": -3}]}, codes=())
    yield value("exclusion-text", lambda v: v | {"exclusions": v["exclusions"] + [{"start": "9000", "length": 3}]}, codes=())
    yield value("exclusion-without-length", lambda v: v | {"exclusions": [{"start": 33}]}, codes=())
    yield value("exclusion-more-keys", lambda v: v | {"exclusions": [one | {"note": 1} for one in v["exclusions"]]}, None)
    yield value("exclusions-map", using(exclusions={"start": 33, "length": 5}), codes=())
    yield ranges("seventy", lambda r, d: r + [(r[0][0] + r[0][1] + 3 * n, 1) for n in range(1, 71)], "invalid|trusted", codes=())


def hash_with(name):
    """The data hash with another algorithm than the claim's."""

    def change(every):
        binding = every[-1]
        binding.content = {**binding.content, "alg": name, "hash": change.manifest.binding.digest(name)}
        return every

    return change


GROUPS = [two_bindings, data_hashes, exclusions]
