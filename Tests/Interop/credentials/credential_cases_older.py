"""Claims of version 1 (`c2pa.claim`), as files of 2022 to 2024 have them: right ones and the damage that matters most."""

import hashlib

import credential_certificates as certificates
from credential_cases import flipped, make, using, without
from credential_files import FORMATS
from credential_store import PIXELS, Assertion

CREATED = Assertion("c2pa.actions", {"actions": [{"action": "c2pa.created", "digitalSourceType": PIXELS}]})
NOTE = Assertion("com.example.note", {"a": 1})


def older(name, highest="invalid", section="15.6", codes=(), assertions=None, **more):
    every = [CREATED, NOTE] if assertions is None else assertions
    return make(f"older-{name}", highest, section, codes, version=1, assertions=every, **more)


def right():
    for kind, picture in FORMATS.items():
        yield older(f"right-{kind}", "trusted", picture=picture())
    for algorithm in ("ps256", "ed25519", "es384"):
        yield older(f"right-{algorithm}", "trusted", algorithm=algorithm)
    person = certificates.signer("es256")
    both = {"x5chain": person.chain}
    yield older("chain-unprotected", "trusted", "14.5", hooks={"protected": lambda h: {1: h[1]}}, unprotected=both)
    yield older("hash-sha512", "trusted", "13.1", hash_name="sha512")
    yield older("without-alg-in-claim", None, "15.4.1", hooks={"claim": without("alg")})
    yield older("no-actions", "trusted", "15.1", assertions=[NOTE])
    yield older("actions-not-created", None, assertions=[Assertion("c2pa.actions", {"actions": [{"action": "c2pa.edited"}]})])
    opened = Assertion("c2pa.actions", {"actions": [{"action": "c2pa.opened", "instanceID": "xmp:iid:1"}]})
    yield older("opened-by-instance", "invalid|trusted", "15.10.3.2.2", assertions=[opened])
    software = {"action": "c2pa.created", "softwareAgent": "Old Program 1.0", "when": "2023-02-11T09:00:00Z", "changed": "x"}
    yield older("agent-text", "trusted", assertions=[Assertion("c2pa.actions", {"actions": [software]})])
    work = Assertion("stds.schema-org.CreativeWork", b'{"@context": "https://schema.org", "@type": "CreativeWork"}', "json")
    yield older("creative-work", "trusted", assertions=[CREATED, work])
    yield older(
        "thumbnail", "trusted", assertions=[CREATED, Assertion("c2pa.thumbnail.claim.png", b"\x89PNG", "embedded", media="image/png")]
    )
    yield older("generator-list-empty", None, hooks={"claim": using(claim_generator_info=[])})
    yield older("generator-map", None, hooks={"claim": using(claim_generator_info={"name": "x"})})
    yield older("v2-field", "trusted|invalid", hooks={"claim": lambda c: c | {"created_assertions": c["assertions"]}})


def wrong():
    mismatch = ("assertion.hashedURI.mismatch",)
    for label in ("c2pa.actions", "com.example.note", "c2pa.hash.data"):
        change = {f"link {label}": lambda v: v | {"hash": flipped(v["hash"], 3)}}
        yield older(f"link-flipped-{label}", codes=mismatch, section="15.10.3.1", hooks=change)
    yield older(
        "link-missing", section="15.10.3.1", hooks={"link com.example.note": using(url="self#jumbf=c2pa.assertions/com.example.nothing")}
    )
    yield older("undeclared", section="15.10.3.1", hooks={"claim": lambda c: c | {"assertions": c["assertions"][1:]}})
    yield older("no-binding", section="15.10.1.2", codes=("claim.hardBindings.missing",), has_binding=False)
    yield older(
        "data-hash-flipped", codes=("assertion.dataHash.mismatch",), hooks={"c2pa.hash.data": lambda v: v | {"hash": flipped(v["hash"], 1)}}
    )
    yield older("exclusion-longer", section="15.12.1.1", exclusions=lambda r, d: [(r[0][0], r[0][1] + 1)])
    yield older("signature-flipped", codes=("claimSignature.mismatch",), hooks={"signature": lambda s: flipped(s, 5)})
    yield older("alg-unprotected", section="13.2.3", hooks={"protected": lambda h: {33: h[33]}}, unprotected={1: -7})
    yield older(
        "created-second",
        "invalid|trusted",
        section="15.10.3.2.2",
        assertions=[Assertion("c2pa.actions", {"actions": [{"action": "c2pa.edited"}, {"action": "c2pa.created"}]})],
    )
    yield older(
        "created-twice", section="15.10.3.2.2", assertions=[Assertion("c2pa.actions", {"actions": [{"action": "c2pa.created"}] * 2})]
    )
    yield older("signature-missing", hooks={"claim": using(signature="self#jumbf=c2pa.nothing")}, codes=("claimSignature.missing",))
    yield older("assertions-empty", section="15.10.1.2", hooks={"claim": using(assertions=[])})
    yield older(
        "redacted-own",
        section="15.10.3.1",
        label="urn:uuid:0b0b0b0b-2222-4333-8444-555555555555",
        codes=("assertion.selfRedacted",),
        hooks={
            "claim": using(
                redacted_assertions=["self#jumbf=/c2pa/urn:uuid:0b0b0b0b-2222-4333-8444-555555555555/c2pa.assertions/com.example.note"]
            )
        },
    )


def ended():
    """Signers whose certificate ended, with and without a stamp."""
    person = certificates.issue(
        "Ended Older",
        "p256",
        certificates.roots()[1],
        number=95,
        start=certificates.now() - 90 * certificates.DAY,
        end=certificates.now() - certificates.DAY,
    )
    expired = ("signingCredential.expired", "claimSignature.outsideValidity")
    yield older("expired", section="15.8.2", codes=expired, identity=person)
    yield older(
        "expired-stamped",
        "trusted",
        "15.8.2",
        identity=person,
        stamp=lambda data: certificates.time_stamp(data, moment=certificates.now() - 5 * certificates.DAY),
    )
    yield older(
        "expired-stamp-of-signature",
        section="15.8.2",
        codes=expired,
        identity=person,
        stamp=lambda data: certificates.time_stamp(hashlib.sha256(data).digest(), moment=certificates.now() - 5 * certificates.DAY),
    )


GROUPS = [right, wrong, ended]
