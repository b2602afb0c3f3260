"""Cases with several manifests: ingredients, update manifests, redactions (15.10.1.3, 15.11)."""

import hashlib

import credential_certificates as certificates
from credential_cases import make, store_of
from credential_files import PNG
from credential_store import PIXELS, Assertion, Finished, Manifest, actions, signed_file

SECTION = "15.11.3.3"
MADE = {}
PARENTS = ("manifest.update.wrongParents", "manifest.update.invalid")


def original(name="plain", **options):
    """The manifest of another file, finished and signed."""
    if name not in MADE:
        data = signed_file(PNG(5), Manifest(**options))
        start, end = store_of(data)
        MADE[name] = Finished(data[start + 38 : end])
    return MADE[name]


def ingredient(other, relationship="parentOf", results=True, change=None, label="c2pa.ingredient.v3"):
    """The assertion that names another manifest of the store."""
    link = {"url": f"self#jumbf=/c2pa/{other.label}", "hash": hashlib.sha256(other.data[8:]).digest()}
    signature = {"url": f"self#jumbf=/c2pa/{other.label}/c2pa.signature", "hash": hashlib.sha256(other.signature_box[8:]).digest()}
    value = {
        "dc:title": "before",
        "dc:format": "image/png",
        "relationship": relationship,
        "activeManifest": link,
        "claimSignature": signature,
    }
    if results:
        address = f"self#jumbf=/c2pa/{other.label}/c2pa.signature"
        value["validationResults"] = {
            "activeManifest": {
                "success": [
                    {"code": code, "url": address}
                    for code in ("claimSignature.insideValidity", "claimSignature.validated", "signingCredential.trusted")
                ],
                "informational": [],
                "failure": [],
            }
        }
    return Assertion(label, change(value) if change else value)


def opened(target="c2pa.ingredient.v3", action="c2pa.opened", others=()):
    """The action that uses the ingredient."""

    def content(manifest):
        link = {"url": f"self#jumbf=c2pa.assertions/{target}", "hash": hashlib.sha256(manifest.done[target][8:]).digest()}
        first = [] if action in ("c2pa.opened",) else [{"action": "c2pa.created", "digitalSourceType": PIXELS}]
        return {"actions": [*first, {"action": action, "parameters": {"ingredients": [link]}}, *others]}

    return Assertion("c2pa.actions.v2", content)


def with_parent(
    name, highest="invalid", codes=(), other=None, change=None, results=True, others=None, section=SECTION, actions_list=None, **manifest
):
    other = other or original()
    every = [ingredient(other, change=change, results=results), actions_list or opened()]
    return make(f"ingredient-{name}", highest, section, codes, others=[other] if others is None else others, assertions=every, **manifest)


def bad(name, change):
    """A finished manifest that was changed after its signature."""
    key = f"bad {name}"
    if key not in MADE:
        MADE[key] = Finished(change(original().data))
    return MADE[key]


def parents():
    yield with_parent("parent", "trusted")
    yield with_parent("parent-without-results", codes=("assertion.ingredient.malformed",), results=False)
    yield with_parent(
        "parent-hash-flipped",
        codes=("ingredient.manifest.mismatch",),
        change=lambda v: v | {"activeManifest": v["activeManifest"] | {"hash": bytes(32)}},
    )
    yield with_parent(
        "parent-signature-hash-flipped", None, change=lambda v: v | {"claimSignature": v["claimSignature"] | {"hash": bytes(32)}}
    )
    yield with_parent("parent-without-signature-link", None, change=lambda v: {k: v[k] for k in v if k != "claimSignature"})
    yield with_parent("parent-missing", codes=("ingredient.manifest.missing",), others=[])
    yield with_parent(
        "parent-not-linked",
        "trusted",
        change=lambda v: {k: v[k] for k in v if k not in ("activeManifest", "claimSignature", "validationResults")},
        others=[],
    )
    yield with_parent("parent-relationship-unknown", change=lambda v: v | {"relationship": "uncleOf"})
    yield with_parent("parent-relationship-missing", change=lambda v: {k: v[k] for k in v if k != "relationship"})
    yield with_parent("parent-as-component", change=lambda v: v | {"relationship": "componentOf"})
    yield with_parent("parent-as-input", change=lambda v: v | {"relationship": "inputTo"})
    yield with_parent(
        "component-placed", "trusted", change=lambda v: v | {"relationship": "componentOf"}, actions_list=opened(action="c2pa.placed")
    )
    yield with_parent("parent-placed", change=None, actions_list=opened(action="c2pa.placed"))
    yield with_parent("input-edited", None, change=lambda v: v | {"relationship": "inputTo"}, actions_list=opened(action="c2pa.edited"))
    yield with_parent("unused", None, change=lambda v: v | {"relationship": "componentOf"}, actions_list=actions())
    yield make("ingredient-not-declared-manifest", None, SECTION, others=[original()])


def parents_in_trouble():
    """Parents that are broken, untrusted or expired themselves."""
    other = original()
    flips = {
        "signature": lambda d: d[:-5] + bytes([d[-5] ^ 1]) + d[-4:],
        "claim": lambda d: d.replace(b"fixative-test", b"fixativX-test", 1),
        "actions": lambda d: d.replace(b"gpt-image", b"gpt-imagX", 1),
    }
    for name, change in flips.items():
        yield with_parent(f"parent-broken-{name}", "invalid", other=bad(name, change))
        yield make(
            f"ingredient-parent-tampered-{name}",
            "invalid",
            SECTION,
            others=[Finished(change(other.data))],
            assertions=[ingredient(other), opened()],
        )
    yield with_parent(
        "parent-untrusted",
        "invalid|valid|trusted",
        other=original(
            "untrusted",
            identity=certificates.issue(
                "Unknown", "p256", certificates.issue("Unknown Root", "rsa2048", number=80, is_authority=True), number=80
            ),
        ),
    )
    yield with_parent(
        "parent-expired",
        "invalid|valid|trusted",
        other=original(
            "expired",
            identity=certificates.issue(
                "Ended",
                "p256",
                certificates.roots()[1],
                number=81,
                start=certificates.now() - 90 * certificates.DAY,
                end=certificates.now() - certificates.DAY,
            ),
        ),
    )
    yield with_parent("parent-without-actions", None, other=original("no actions", assertions=[]))
    yield with_parent("parent-v1", "trusted", other=original("v1", version=1))


def ingredient_lists():
    """Several parents."""
    other = original()
    second = [ingredient(other), ingredient(original("second"), label="c2pa.ingredient.v3__1")]
    yield make(
        "ingredient-two-parents",
        "invalid",
        "15.11",
        ("manifest.multipleParents",),
        others=[other, original("second")],
        assertions=[*second, opened()],
    )
    yield make(
        "ingredient-parent-twice",
        "invalid",
        "15.11",
        ("manifest.multipleParents",),
        others=[other],
        assertions=[ingredient(other), ingredient(other, label="c2pa.ingredient.v3__1"), opened()],
    )


def older_ingredients():
    """Older forms of the assertion, and a manifest that is its own ingredient."""
    other = original()
    yield make(
        "ingredient-v2-label",
        None,
        "18.16",
        others=[other],
        assertions=[
            Assertion(
                "c2pa.ingredient.v2",
                {
                    "dc:title": "before",
                    "dc:format": "image/png",
                    "relationship": "parentOf",
                    "c2pa_manifest": {"url": f"self#jumbf=/c2pa/{other.label}", "hash": hashlib.sha256(other.data[8:]).digest()},
                },
            ),
            opened("c2pa.ingredient.v2"),
        ],
    )
    yield make(
        "ingredient-v1",
        "invalid|trusted",
        "18.16",
        version=1,
        others=[other],
        assertions=[
            Assertion(
                "c2pa.ingredient",
                {
                    "dc:title": "before",
                    "dc:format": "image/png",
                    "instanceID": "xmp:iid:1",
                    "relationship": "parentOf",
                    "c2pa_manifest": {"url": f"self#jumbf=/c2pa/{other.label}", "hash": hashlib.sha256(other.data[8:]).digest()},
                },
            ),
            Assertion("c2pa.actions", {"actions": [{"action": "c2pa.opened"}]}),
        ],
    )
    yield make(
        "ingredient-itself",
        "invalid",
        SECTION,
        label="urn:c2pa:0b0b0b0b-2222-4333-8444-555555555555",
        assertions=[
            Assertion(
                "c2pa.ingredient.v3",
                {
                    "relationship": "parentOf",
                    "activeManifest": {"url": "self#jumbf=/c2pa/urn:c2pa:0b0b0b0b-2222-4333-8444-555555555555", "hash": bytes(32)},
                },
            ),
            opened(),
        ],
    )
    yield make("ingredient-manifests-reordered", None, "15.5.2.1", others=[other], assertions=[ingredient(other), opened()], change=swapped)


def swapped(store):
    """The two manifests in the other order: the ingredient becomes the active one."""
    size = int.from_bytes(store[38:42], "big")
    return store[:38] + store[38 + size :] + store[38 : 38 + size]


def updates():
    """Update manifests: no hard binding, one parent, few actions. The parent's binding counts; its range grows with the store (11.2.3)."""

    def update(name, assertions, highest="invalid", codes=(), has_binding=False, **more):
        return make(
            f"update-{name}",
            highest,
            "15.10.1.3",
            codes,
            picture=PNG(5),
            others=[other],
            kind="update",
            has_binding=has_binding,
            assertions=assertions,
            **more,
        )

    def acts(*names):
        return Assertion("c2pa.actions.v2", {"actions": [{"action": one} for one in names]})

    other = original()
    parent = ingredient(other)
    yield update("right", [parent, acts("c2pa.edited.metadata")], "trusted")
    yield update("published", [parent, acts("c2pa.published")], None)
    yield update("without-actions", [parent], "trusted")
    yield update("note", [parent, Assertion("com.example.note", {"a": 1})], "trusted")
    yield update("without-ingredient", [Assertion("com.example.note", {"a": 1})], codes=PARENTS)
    yield update("wrong-action", [parent, acts("c2pa.color_adjustments")])
    yield update("opened", [parent, opened()], None)
    yield update("created", [parent, actions()])
    yield update("with-binding", [parent], has_binding=True)
    yield update("with-thumbnail", [parent, Assertion("c2pa.thumbnail.claim", b"\x89PNG", "embedded", media="image/png")])
    yield update("two-parents", [parent, ingredient(other, label="c2pa.ingredient.v3__1")], codes=PARENTS)
    yield update("component", [ingredient(other, "componentOf")], codes=PARENTS)
    yield update("two-ingredients", [parent, ingredient(other, "componentOf", label="c2pa.ingredient.v3__1")])
    yield update("parent-hash", [ingredient(other, change=lambda v: v | {"activeManifest": v["activeManifest"] | {"hash": bytes(32)}})])
    yield make(
        "update-of-another-picture",
        "invalid",
        "15.12.1.1",
        ("assertion.dataHash.mismatch",),
        picture=PNG(6),
        others=[other],
        kind="update",
        has_binding=False,
        assertions=[parent],
    )
    yield make(
        "update-as-standard",
        "invalid",
        "15.10.1.2",
        ("claim.hardBindings.missing", "assertion.dataHash.mismatch"),
        picture=PNG(5),
        others=[other],
        has_binding=False,
        assertions=[parent, opened()],
    )


def redactions():
    """An update manifest that redacts an assertion of its parent (15.11.3)."""
    noted = original("noted", assertions=[actions(), Assertion("com.example.note", {"a": 1})])
    redacting = f"self#jumbf=/c2pa/{noted.label}/c2pa.assertions/com.example.note"
    reason = {"action": "c2pa.redacted", "reason": "c2pa.PII.present", "parameters": {"redacted": redacting}}
    every = [ingredient(noted), Assertion("c2pa.actions.v2", {"actions": [reason]})]
    yield make(
        "update-redaction-not-done",
        "invalid",
        "15.11.3.2",
        ("assertion.notRedacted",),
        picture=PNG(5),
        others=[noted],
        kind="update",
        has_binding=False,
        assertions=every,
        hooks={"claim": lambda c: c | {"redacted_assertions": [redacting]}},
    )
    emptied = Finished(redacted(noted.data, b"com.example.note\0"))
    yield make(
        "update-redaction-done",
        "invalid|trusted",
        "15.11.3.2",
        picture=PNG(5),
        others=[emptied],
        kind="update",
        has_binding=False,
        assertions=every,
        hooks={"claim": lambda c: c | {"redacted_assertions": [redacting]}},
    )
    yield make(
        "update-redaction-undeclared",
        "invalid",
        "15.11.3.3",
        picture=PNG(5),
        others=[emptied],
        kind="update",
        has_binding=False,
        assertions=[ingredient(noted)],
    )


def redacted(manifest, label):
    """The manifest without one assertion box."""
    from credential_cases import resize, walk

    for path, kind, at, payload, stop in walk(manifest):
        if kind == b"jumb" and manifest[at + 33 :].startswith(label):
            return resize(manifest, at, stop, b"")
    raise ValueError(f"no box {label}")


GROUPS = [parents, parents_in_trouble, ingredient_lists, older_ingredients, updates, redactions]
