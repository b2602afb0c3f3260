"""Cases in the manifest store: claims, assertions, hashes, boxes. All are signed after the change unless they say otherwise."""

import credential_store as boxes
from credential_cases import flipped, indefinite, long_form, make, using, with_entries, without
from credential_store import Assertion, actions, encoded

CLAIM_FORM = ("claim.malformed", "claim.cbor.invalid")
TEXT = encoded("dc:title")


def claim(name, change, highest="invalid", section="15.6.2", codes=CLAIM_FORM, step="claim", **more):
    return make(f"claim-{name}", highest, section, codes, hooks={step: change}, **more)


def claims():
    """The claim as a structure (10.2, 15.6.2)."""
    for key in ("instanceID", "claim_generator_info", "signature", "created_assertions"):
        yield claim(f"without-{key}", without(key), codes=())
    yield claim("without-alg", without("alg"), "invalid", "15.4.1", ("algorithm.unsupported",))
    yield claim("without-title", without("dc:title"), "trusted", "10.2", ())
    for key in ("instanceID", "claim_generator", "claim_generator_info", "signature", "assertions", "dc:format"):
        yield claim(f"v1-without-{key}", without(key), None, codes=(), version=1)
    yield claim("generator-without-name", using(claim_generator_info={"version": "1"}), section="10.2")
    yield claim("generator-list", using(claim_generator_info=[{"name": "a"}]), section="10.2", codes=())
    yield claim("generator-name-number", using(claim_generator_info={"name": 5}), section="10.2", codes=())
    yield claim("instance-number", using(instanceID=5), section="10.2", codes=())
    yield claim("created-empty", using(created_assertions=[]), section="15.10.1.2", codes=())
    yield claim("created-map", using(created_assertions={"a": 1}), section="10.2", codes=())
    yield claim("gathered-empty", using(gathered_assertions=[]), None, "10.2", ())
    yield claim("redacted-empty", using(redacted_assertions=[]), None, "10.2", ())
    yield claim("unknown-field", using(**{"com.example.own": 1}), "trusted", "10.2", ())
    yield claim("metadata", using(metadata=[{"a": 1}]), None, "10.2", ())
    for name, address in {
        "elsewhere": "self#jumbf=/c2pa/urn:c2pa:11111111-2222-4333-8444-555555555555/c2pa.signature",
        "relative": "self#jumbf=c2pa.signature",
        "to-claim": "self#jumbf=c2pa.claim.v2",
        "http": "https://example.com/c2pa.signature",
        "empty": "",
        "missing": "self#jumbf=c2pa.signature2",
    }.items():
        yield claim(f"signature-{name}", using(signature=address), "trusted" if name == "relative" else "invalid", "15.6.2", ())
    for name in ("sha384", "sha512"):
        yield make(f"claim-alg-{name}", "trusted", "13.1", hash_name=name)
    yield make("claim-alg-sha1", "invalid", "13.1", ("algorithm.unsupported",), hash_name="sha1")
    yield make("claim-alg-sha224", "invalid", "13.1", ("algorithm.unsupported",), hash_name="sha224")
    yield claim("alg-unknown", using(alg="sha999"), "invalid", "13.1", ("algorithm.unsupported",))
    yield claim("alg-number", using(alg=5), "invalid", "10.2", ())
    yield claim("alg-upper-case", using(alg="SHA256"), "invalid", "13.1", ("algorithm.unsupported",))


def claim_encodings():
    """The claim as CBOR: forms that are not well-formed, and unusual forms that are."""
    raw = {
        "duplicate-key": (lambda b: with_entries(b, TEXT + encoded("other")), "RFC 8949 5.6"),
        "duplicate-created": (lambda b: with_entries(b, encoded("created_assertions") + b"\x80"), "RFC 8949 5.6"),
        "trailing-byte": (lambda b: b + b"\0", "RFC 8949 5.3"),
        "trailing-item": (lambda b: b + encoded("x"), "RFC 8949 5.3"),
        "cut": (lambda b: b[:-1], "RFC 8949 5.3"),
        "empty": (lambda b: b"", "10.2"),
        "list": (lambda b: b"\x81" + b, "10.2"),
        "null": (lambda b: b"\xf6", "10.2"),
        "bad-utf8": (lambda b: with_entries(b, encoded("x") + b"\x62\xff\xfe"), "RFC 8949 5.3"),
        "reserved-length": (lambda b: with_entries(b, encoded("x") + b"\x1c"), "RFC 8949 5.3"),
        "reserved-simple": (lambda b: with_entries(b, encoded("x") + b"\xf8\x05"), "RFC 8949 3.3"),
        "lone-break": (lambda b: with_entries(b, encoded("x") + b"\xff"), "RFC 8949 3.2.1"),
        "huge-text": (lambda b: with_entries(b, encoded("x") + b"\x7b" + b"\x7f" + b"\xff" * 7), "RFC 8949 5.3"),
        "huge-list": (lambda b: with_entries(b, encoded("x") + b"\x9b" + b"\0\0\0\0\x7f\xff\xff\xff"), "RFC 8949 5.3"),
    }
    for name, (change, section) in raw.items():
        yield claim(f"cbor-{name}", change, "invalid", section, (), "claim bytes")
    fine = {
        "indefinite": indefinite,
        "long-map-head": long_form,
        "float": lambda b: with_entries(b, encoded("x") + b"\xf9\x3c\x00"),
        "tag": lambda b: with_entries(b, encoded("x") + b"\xc1\x00"),
        "unknown-tag": lambda b: with_entries(b, encoded("x") + b"\xd9\x30\x39\x00"),
        "text-pieces": lambda b: with_entries(b, encoded("x") + b"\x7f\x61a\x61b\xff"),
        "long-integer": lambda b: with_entries(b, encoded("x") + b"\x1b" + bytes(7) + b"\1"),
        "number-key": lambda b: with_entries(b, b"\x05\x05"),
        "nested-60": lambda b: with_entries(b, encoded("x") + b"\x81" * 60 + b"\0"),
        "nested-200": lambda b: with_entries(b, encoded("x") + b"\x81" * 200 + b"\0"),
        "undefined": lambda b: with_entries(b, encoded("x") + b"\xf7"),
    }
    for name, change in fine.items():
        yield claim(f"cbor-{name}", change, None, "13.2", (), "claim bytes")


def link(name, change, highest="invalid", section="15.10.3.1", codes=(), target="c2pa.actions.v2", **more):
    return make(f"link-{name}", highest, section, codes, hooks={f"link {target}": change}, **more)


def links():
    """Hashed URIs from the claim to its assertions (15.10.3)."""
    mismatch = ("assertion.hashedURI.mismatch",)
    for target in ("c2pa.actions.v2", "c2pa.hash.data"):
        short = target.split(".")[1]
        yield link(f"{short}-hash-flipped", lambda v: {**v, "hash": flipped(v["hash"], 0)}, codes=mismatch, target=target)
        yield link(f"{short}-hash-cut", lambda v: {**v, "hash": v["hash"][:16]}, codes=mismatch, target=target)
        yield link(f"{short}-hash-longer", lambda v: {**v, "hash": v["hash"] + b"\0"}, codes=mismatch, target=target)
        yield link(f"{short}-hash-empty", lambda v: {**v, "hash": b""}, codes=mismatch, target=target)
        yield link(f"{short}-hash-text", lambda v: {**v, "hash": v["hash"].hex()}, target=target)
        yield link(f"{short}-hash-missing", without("hash"), target=target)
        yield link(
            f"{short}-missing-assertion",
            using(url="self#jumbf=c2pa.assertions/c2pa.nothing"),
            codes=("assertion.missing", "assertion.undeclared"),
            target=target,
        )
    yield link(
        "absolute",
        lambda v: v | {"url": "self#jumbf=/c2pa/urn:c2pa:0b0b0b0b-2222-4333-8444-555555555555/" + v["url"].split("=")[1]},
        "trusted",
        label="urn:c2pa:0b0b0b0b-2222-4333-8444-555555555555",
    )
    yield link(
        "outside",
        lambda v: v | {"url": "self#jumbf=/c2pa/urn:c2pa:99999999-2222-4333-8444-555555555555/" + v["url"].split("=")[1]},
        codes=("assertion.outsideManifest", "assertion.missing"),
    )
    yield link("http", using(url="https://example.com/a"))
    yield link("empty", using(url=""))
    yield link("slash-end", using(url="self#jumbf=c2pa.assertions/c2pa.actions.v2/"))
    yield link("double-slash", using(url="self#jumbf=c2pa.assertions//c2pa.actions.v2"))
    yield link("dots", using(url="self#jumbf=c2pa.assertions/../c2pa.assertions/c2pa.actions.v2"))
    yield link("upper-case", using(url="self#jumbf=c2pa.assertions/C2PA.actions.v2"))
    yield link("without-self", using(url="c2pa.assertions/c2pa.actions.v2"))
    yield link("alg-sha1", lambda v: v | {"alg": "sha1"}, codes=("algorithm.unsupported",))
    yield link("alg-unknown", lambda v: v | {"alg": "sha999"}, codes=("algorithm.unsupported",))
    yield link("alg-same", lambda v: v | {"alg": "sha256"}, "trusted", "15.4.1")
    for name in ("sha384", "sha512"):
        yield make(f"link-alg-{name}", "trusted", "15.4.1", hooks={"claim": other_algorithm(name)})


def link_lists():
    """The lists of hashed URIs in the claim."""
    yield make(
        "link-twice",
        "invalid",
        "10.2",
        hooks={"claim": lambda c: c | {"created_assertions": c["created_assertions"] + c["created_assertions"][:1]}},
    )
    yield make(
        "link-created-and-gathered", "invalid", "10.2", hooks={"claim": lambda c: c | {"gathered_assertions": c["created_assertions"][:1]}}
    )
    yield make(
        "link-undeclared",
        "invalid",
        "15.10.3.1",
        ("assertion.undeclared",),
        hooks={"claim": lambda c: c | {"created_assertions": c["created_assertions"][1:]}},
        assertions=[Assertion("com.example.note", {"a": 1}), actions()],
    )
    yield make(
        "link-binding-gathered",
        "invalid",
        "10.3.2.2",
        hooks={
            "claim": lambda c: c | {"created_assertions": c["created_assertions"][:1], "gathered_assertions": c["created_assertions"][1:]}
        },
    )
    yield make("link-note-gathered", "trusted", "10.2", assertions=[actions(), Assertion("com.example.note", {"a": 1}, is_created=False)])
    yield make(
        "link-redacted-own",
        "invalid",
        "15.10.3.1",
        ("assertion.selfRedacted",),
        hooks={
            "claim": using(
                redacted_assertions=["self#jumbf=/c2pa/urn:c2pa:0b0b0b0b-2222-4333-8444-555555555555/c2pa.assertions/c2pa.actions.v2"]
            )
        },
        label="urn:c2pa:0b0b0b0b-2222-4333-8444-555555555555",
    )
    yield make(
        "link-redacted-stranger",
        None,
        "15.10.3.1",
        hooks={
            "claim": using(redacted_assertions=["self#jumbf=/c2pa/urn:c2pa:77777777-2222-4333-8444-555555555555/c2pa.assertions/stds.exif"])
        },
    )


def other_algorithm(name):
    """Each link with its own algorithm: the hash is recomputed by the step that sees the boxes."""

    def change(claim):
        import hashlib

        links = [
            {"url": one["url"], "alg": name, "hash": hashlib.new(name, change.manifest.done[one["url"].split("/")[-1]][8:]).digest()}
            for one in claim["created_assertions"]
        ]
        return claim | {"created_assertions": links}

    return change


CREATED, EDITED = {"action": "c2pa.created", "digitalSourceType": boxes.PIXELS}, {"action": "c2pa.edited"}


def listed(name, assertions, highest="invalid", section="15.10.3.2.2", codes=(), **more):
    return make(f"assertions-{name}", highest, section, codes, assertions=assertions, **more)


def acts(*every, label="c2pa.actions.v2", **more):
    return Assertion(label, {"actions": list(every), **more})


def action_lists():
    """Which actions a standard manifest may have, and in which order (15.10.1.2, 15.10.3.2)."""
    malformed = ("assertion.action.malformed",)
    yield listed("none", [], section="15.10.1.2", codes=malformed)
    yield listed("no-binding", [actions()], section="15.10.1.2", codes=("claim.hardBindings.missing",), has_binding=False)
    yield listed("actions-empty", [acts()], codes=malformed)
    yield listed("actions-no-created", [acts(EDITED)], codes=malformed)
    yield listed("actions-created-second", [acts(EDITED, CREATED)], codes=malformed)
    yield listed("actions-created-twice", [acts(CREATED, CREATED)], codes=malformed)
    yield listed("actions-created-and-opened", [acts(CREATED, {"action": "c2pa.opened"})], codes=malformed)
    yield listed("actions-opened-without-ingredient", [acts({"action": "c2pa.opened"})], codes=("assertion.action.ingredientMismatch",))
    yield listed("actions-created-without-source-type", [acts({"action": "c2pa.created"})], None)
    yield listed("actions-more", [acts(CREATED, EDITED, {"action": "com.example.own"})], "trusted")
    yield listed("actions-without-name", [acts(CREATED, {"when": "x"})], codes=())
    yield listed("actions-not-list", [Assertion("c2pa.actions.v2", {"actions": {"a": 1}})])
    yield listed("actions-not-map", [Assertion("c2pa.actions.v2", [1, 2])])
    yield listed("actions-no-field", [Assertion("c2pa.actions.v2", {"a": 1})])
    yield listed("actions-bad-cbor", [Assertion("c2pa.actions.v2", b"\xa1\x67act")])
    yield listed("actions-trailing", [Assertion("c2pa.actions.v2", encoded({"actions": [CREATED]}) + b"\0")])
    yield listed(
        "actions-duplicate-key",
        [Assertion("c2pa.actions.v2", with_entries(encoded({"actions": [CREATED]}), encoded("actions") + encoded([EDITED])))],
        section="RFC 8949 5.6",
    )
    yield listed("actions-v1-label", [acts(CREATED, label="c2pa.actions")], None)
    yield listed("actions-twice", [acts(CREATED), acts(EDITED, label="c2pa.actions.v2__1")], "trusted")
    yield listed("actions-second-first", [acts(EDITED), acts(CREATED, label="c2pa.actions.v2__1")], codes=malformed)
    yield listed("actions-gathered", [Assertion("c2pa.actions.v2", {"actions": [CREATED]}, is_created=False)], None)
    yield listed("actions-v1-claim", [acts(CREATED, label="c2pa.actions")], "trusted", version=1)
    yield listed("actions-v1-claim-none", [], "trusted", "15.1", version=1)


def action_references():
    """Actions that need a parameter, and have none or a wrong one."""
    yield listed(
        "actions-placed-without-ingredient", [acts(CREATED, {"action": "c2pa.placed"})], codes=("assertion.action.ingredientMismatch",)
    )
    yield listed(
        "actions-removed-without-ingredient", [acts(CREATED, {"action": "c2pa.removed"})], codes=("assertion.action.ingredientMismatch",)
    )
    yield listed(
        "actions-redacted-without-parameters", [acts(CREATED, {"action": "c2pa.redacted"})], codes=("assertion.action.redactionMismatch",)
    )
    yield listed("actions-translated-without-parameters", [acts(CREATED, {"action": "c2pa.translated"})], None)
    yield listed(
        "actions-ingredient-missing",
        [
            acts(
                CREATED,
                {
                    "action": "c2pa.placed",
                    "parameters": {"ingredients": [{"url": "self#jumbf=c2pa.assertions/c2pa.ingredient.v3", "hash": bytes(32)}]},
                },
            )
        ],
        codes=(),
    )


def other_assertions():
    """Assertions of other kinds."""
    yield listed(
        "same-label-twice",
        [actions(), Assertion("com.example.note", {"a": 1}), Assertion("com.example.note", {"a": 2})],
        section="11.1.4.3",
    )
    yield listed(
        "instances", [actions(), Assertion("com.example.note", {"a": 1}), Assertion("com.example.note__1", {"a": 2})], "trusted", "6.4"
    )
    yield listed("json", [actions(), Assertion("com.example.note", b'{"a": 1}', "json")], "trusted", "6.2")
    yield listed("json-broken", [actions(), Assertion("com.example.note", b'{"a": ', "json")], "invalid|trusted", "15.10.3.1")
    yield listed("unknown-cbor-broken", [actions(), Assertion("com.example.note", b"\xa1")], "invalid|trusted", "15.10.3.1")
    yield listed("embedded", [actions(), Assertion("c2pa.icon", b"<svg/>", "embedded", salt=bytes(16))], "trusted", "11.1.4")
    yield listed(
        "metadata",
        [actions(), Assertion("c2pa.metadata", b'{"@context": {"exif": "http://ns.adobe.com/exif/1.0/"}, "exif:A": "1"}', "json")],
        None,
        "18.16",
    )
    yield listed(
        "metadata-unknown-field",
        [actions(), Assertion("c2pa.metadata", b'{"@context": {"own": "http://example.com/"}, "own:A": "1"}', "json")],
        "invalid|trusted",
        "15.10.3.2.3",
    )


def listed_assertions():
    """Assertions that are listed and not judged, and the salt of a box."""
    yield listed(
        "soft-binding",
        [actions(), Assertion("c2pa.soft-binding", {"alg": "com.example.mark", "blocks": [{"scope": {}, "value": "abc"}]})],
        "trusted",
        "18.10",
    )
    yield listed(
        "identity",
        [actions(), Assertion("cawg.identity", {"signer_payload": {}, "signature": b"x", "pad1": b""})],
        "invalid|trusted",
        "18.10",
    )
    yield listed(
        "cloud-data-binding",
        [
            actions(),
            Assertion(
                "c2pa.cloud-data",
                {"label": "c2pa.hash.data", "size": 5, "location": {"url": "https://example.com"}, "content_type": "application/cbor"},
            ),
        ],
        "invalid",
        "15.10.3.2.1",
        ("assertion.cloud-data.hardBinding", "assertion.cloud-data.malformed"),
    )
    yield listed(
        "external-reference",
        [actions(), Assertion("c2pa.external-reference", {"location": {"url": "https://example.com", "hash": bytes(32)}})],
        "invalid|trusted",
        "18.21",
    )
    for salt in (8, 15, 16, 32, 33):
        yield listed(
            f"salt-{salt}",
            [actions(), Assertion("com.example.note", {"a": 1}, salt=bytes(range(salt)))],
            "trusted" if salt in (16, 32) else "invalid|trusted",
            "8.4.2.3",
        )


GROUPS = [claims, claim_encodings, links, link_lists, action_lists, action_references, other_assertions, listed_assertions]
