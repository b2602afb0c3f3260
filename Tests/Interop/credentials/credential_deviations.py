"""Where our results differ from the reference's on purpose. Each entry has the section of the specification that decides.

The states of named cases that were worked out by hand stand with the case. These tables are for the others, and for the codes.
"""

# Name of the case, our state, section, why.
STATES = [
    ("flip-c2pa-length", "unreadable", "11.1.4.2", "the store's box is longer than its carrier"),
    ("flip-c2pa.jumd-label", "unreadable", "11.1.4.2", "the store has another label than c2pa"),
    ("flip-c2pa.manifest-length", "unreadable", "ISO 19566-5", "a box ends behind its superbox"),
    ("flip-c2pa.manifest.c2pa.assertions.jumd-label", "invalid", "11.1.4.3", "the assertion store has another label"),
    (
        "flip-c2pa.manifest.c2pa.assertions.c2pa.icon.bfdb-first",
        "invalid",
        "8.4.2.3",
        "a hashed byte differs; the reference writes the box anew",
    ),
    ("flip-c2pa.manifest.c2pa.claim.v2.jumd-label", "invalid", "11.1.4.4", "the claim has another label"),
    ("flip-c2pa.manifest.c2pa.signature.jumd-label", "invalid", "11.1.4.4", "the signature has another label"),
    ("vendor-*-flip-0", "unreadable", "ISO 19566-5", "a box ends behind its superbox"),
]

EXPIRED, OUTSIDE, INSIDE = (
    "failure:signingCredential.expired",
    "failure:claimSignature.outsideValidity",
    "success:claimSignature.insideValidity",
)
SKIPPED, GOOD = "informational:signingCredential.ocsp.skipped", "success:signingCredential.ocsp.notRevoked"
STAMPED = {"success:timeStamp.validated", "success:timeStamp.trusted"}
ANY_STAMP = {f"informational:timeStamp.{name}" for name in ("mismatch", "malformed", "untrusted", "outsideValidity")}
BINDING = {
    "success:assertion.dataHash.match",
    "success:assertion.boxesHash.match",
    "informational:assertion.dataHash.additionalExclusionsPresent",
    "failure:assertion.dataHash.mismatch",
}
SIGNED = {"success:claimSignature.validated", INSIDE, "success:signingCredential.trusted", SKIPPED, GOOD, *STAMPED, *ANY_STAMP}

# Whether it holds for rejected files only; codes of the reference alone; codes of ours alone; section; why.
CODES = [
    (False, set(), {OUTSIDE}, "15.8.2", "an ingredient's signer that expired since; the manifest's hash holds (15.11.3.3.2)"),
    (
        True,
        {"failure:assertion.bmffHash.malformed"},
        {"failure:general.error"},
        "15.12.2",
        "a binding of BMFF in a picture, which we do not read",
    ),
    (
        True,
        {EXPIRED, INSIDE, "failure:signingCredential.untrusted"},
        {OUTSIDE},
        "15.8.2",
        "the code for a time outside of the certificate's validity",
    ),
    (True, BINDING, set(), "15.12.1.1", "no success of a binding that failed or was not reached"),
    (
        True,
        {"failure:assertion.dataHash.mismatch"},
        {"failure:assertion.dataHash.malformed", "failure:algorithm.unsupported", "failure:claim.hardBindings.missing"},
        "15.12, 15.4.3",
        "the nearer code",
    ),
    (
        True,
        {"failure:assertion.hashedURI.mismatch"},
        {"failure:algorithm.unsupported", "failure:assertion.missing", "failure:assertion.undeclared"},
        "15.4.3, 15.10.3.1",
        "an algorithm that is not on the list; an ambiguous label",
    ),
    (
        True,
        {"failure:assertion.boxesHash.mismatch"},
        {"failure:assertion.boxesHash.unknownBox", "failure:assertion.boxesHash.malformed"},
        "15.12.3",
        "the nearer code",
    ),
    (
        True,
        {"success:signingCredential.trusted", "failure:signingCredential.untrusted"},
        {"success:signingCredential.trusted"},
        "15.7",
        "an unacceptable credential ends the check before its chain is built",
    ),
    (
        True,
        {"failure:signingCredential.invalid", "failure:claimSignature.mismatch"},
        {"failure:claimSignature.mismatch", "failure:signingCredential.invalid", "failure:signingCredential.untrusted"},
        "13.2.1, 14.5.1",
        "a key that does not fit the algorithm or the profile",
    ),
    (True, SIGNED, set(), "15.7", "a rejected signature ends the check"),
    (
        True,
        {
            "failure:claim.multiple",
            "failure:claim.missing",
            "failure:claimSignature.missing",
            "failure:claim.malformed",
            "success:assertion.hashedURI.match",
        },
        {"failure:claim.malformed", "failure:claim.missing"},
        "15.6",
        "the nearer code of a broken claim",
    ),
    (
        True,
        set(),
        {
            "failure:assertion.undeclared",
            "failure:assertion.action.malformed",
            "failure:assertion.missing",
            "failure:hashedURI.mismatch",
            "failure:hashedURI.missing",
        },
        "15.10.3",
        "we go on and report more",
    ),
    (
        True,
        {"failure:assertion.required.missing", "failure:assertion.action.redacted", "failure:assertion.notRedacted"},
        set(),
        "15.10.3.1",
        "codes that do not belong to this failure",
    ),
    (True, {"failure:assertion.cbor.invalid"}, {"failure:assertion.cbor.invalid"}, "15.10.3.1", "which box is not well-formed"),
    (True, {"failure:manifest.update.invalid"}, {"failure:manifest.update.wrongParents"}, "15.10.1.3", "the nearer code"),
    (True, set(), {"failure:assertion.cloud-data.hardBinding"}, "15.10.3.2.1", "the second failure of the same assertion"),
    (False, set(), {SKIPPED}, "15.9.2", "no response proves anything, and nobody was asked"),
    (False, {GOOD}, {SKIPPED}, "15.9.1", "a response proves only with an attested time and from an authorised responder"),
    (False, {SKIPPED}, {GOOD}, "15.9.1", "a response of the issuer itself needs no certificate beside it"),
    (False, set(), {"informational:signingCredential.ocsp.unknown"}, "15.9", "the response knows nothing"),
    (False, STAMPED | ANY_STAMP, ANY_STAMP, "15.8.2", "which failure of a stamp is named; a stamp that fails has no success"),
    (
        False,
        {"informational:ingredient.claimSignature.validated"},
        {"success:ingredient.claimSignature.validated"},
        "15.2.2.1",
        "a success code",
    ),
]

# Codes of one side alone that are right in a single case: name, codes, section, why.
SINGLE = [
    (
        "time-header-both-first-broken",
        STAMPED,
        "10.3.2.5",
        "a claim of version 2 is stamped by sigTst2; the reference takes the first header",
    )
]


def unexplained(name, theirs, ours, is_rejected):
    """The codes of only one side that no rule explains."""
    left, right = set(), set()
    for case, codes, _, _ in SINGLE:
        if case == name:
            left, right = left | codes, right | codes
    for only_rejected, reference, own, _, _ in CODES:
        if only_rejected and not is_rejected:
            continue
        left |= theirs & reference
        right |= ours & own
    return theirs - left, ours - right
