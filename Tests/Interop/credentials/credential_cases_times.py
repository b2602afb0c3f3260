"""Cases in time stamps (10.3.2.5, 15.8) and in stapled OCSP responses (15.9)."""

import datetime

from credential_cases import make
from credential_certificates import (
    DAY,
    EMAIL,
    OCSP,
    TIME,
    issue,
    now,
    ocsp_response,
    roots,
    signer,
    time_authority,
    time_response,
    time_stamp,
)
from credential_store import Assertion, actions

SECTION = "15.8"


# The specification of the time stamp says one thing and C2PA does not repeat it: both are right.
EITHER = "invalid|trusted"


def expired_leaf():
    """A signer whose certificate ended yesterday: only a trusted stamp of an earlier time holds it."""
    return issue("Ended Signer", "p256", roots()[1], number=60, start=now() - 100 * DAY, end=now() - DAY)


def both(name, change, holds, section=SECTION, plain="trusted", **more):
    """The stamp with a valid leaf (the state stays) and with an ended one (the state needs the stamp)."""
    yield make(f"time-{name}", plain, section, stamp=change, **more)
    yield make(
        f"time-{name}-ended",
        "trusted" if holds is True else holds or "invalid",
        section,
        () if holds else ("signingCredential.expired", "claimSignature.outsideValidity"),
        stamp=change,
        identity=expired_leaf(),
        **more,
    )


def past():
    return now() - 10 * DAY


def right(data):
    return time_stamp(data, moment=past())


def variant(name, holds=False, section=SECTION, plain="trusted", **options):
    settings = {"moment": past(), **options}
    yield from both(name, lambda data: time_stamp(data, **settings), holds, section, plain)


def tokens():
    """The fields of the token."""
    yield from variant("right", True)
    yield from variant("imprint-sha384", True, imprint="sha384")
    yield from variant("imprint-sha512", True, imprint="sha512")
    yield from variant("digest-sha384", True, digest="sha384")
    yield from variant("digest-sha512", True, digest="sha512")
    yield from variant("authority-p256", True, authority=time_authority(kind="p256"))
    yield from variant("authority-p384", True, authority=time_authority(kind="p384"), digest="sha384")
    yield from variant("authority-without-key-usage", authority=time_authority(uses=()))
    yield from variant("without-attributes", EITHER, section="RFC 3161 2.4.2", has_attributes=False)
    yield from variant("extra-certificates", True, extra_certificates=[roots()[2].certificate])
    yield from variant("stranger-certificates", True, extra_certificates=[signer("es256").certificate])
    yield from variant("imprint-sha1", imprint="sha1", section="13.1")
    yield from variant("wrong-imprint", imprint_bytes=bytes(32))
    yield from variant("short-imprint", imprint_bytes=bytes(20))
    yield from variant("untrusted", authority=time_authority(is_trusted=False))
    yield from variant("flipped-signature", break_signature=True)
    yield from variant("wrong-message-digest", message_digest=bytes(32))
    yield from variant("wrong-certificate-hash", EITHER, section="RFC 5816", is_ess_right=False)
    yield from variant("without-certificates", has_certificates=False)
    yield from variant("content-data", section="RFC 3161 2.4.2", content_type="data")
    yield from variant("two-signers", EITHER, section="RFC 3161 2.4.2", signers=2)
    yield from variant("no-signers", signers=0)


def authorities():
    """The certificate of the time-stamp authority, and the time."""
    yield from variant("usage-email", authority=time_authority(usages=(EMAIL,)))
    yield from variant("usage-email-too", section="RFC 3161 2.3", authority=time_authority(usages=(TIME, EMAIL)))
    yield from variant("usage-none", authority=time_authority(usages=()))
    yield from variant("usage-not-critical", EITHER, section="RFC 3161 2.3", authority=time_authority(is_usage_critical=False))
    yield from variant("authority-ended-before", authority=time_authority(start=now() - 90 * DAY, end=now() - 20 * DAY))
    yield from variant("authority-ended-since", True, authority=time_authority(start=now() - 90 * DAY, end=now() - 5 * DAY))
    yield from variant("authority-not-yet", authority=time_authority(start=now() - 5 * DAY, end=now() + 90 * DAY))
    yield from variant(
        "by-the-signers-root",
        section="14.4.2",
        authority=issue("Signer's Time", "rsa2048", roots()[0], number=61, usages=(TIME,), is_usage_critical=True),
    )
    yield from variant("by-the-signer", authority=signer("ps256"))
    yield from variant("before-signer", plain="invalid", moment=now() - 200 * DAY)
    yield from variant("after-signer", moment=now())
    yield from variant("in-the-future", plain=None, moment=now() + 20 * DAY)
    yield from variant("fraction", True, moment=past() + datetime.timedelta(microseconds=123456))
    yield from variant("distant", moment=datetime.datetime(1970, 1, 2, tzinfo=datetime.UTC))


def damaged_tokens():
    """The token's bytes."""
    for name, change in {
        "cut": lambda t: t[:-1],
        "trailing": lambda t: t + b"\0",
        "empty": lambda t: b"",
        "garbage": lambda t: b"\x30\x80\0\0",
        "response": time_response,
    }.items():
        yield from both(f"bytes-{name}", lambda data, change=change: change(right(data)), EITHER if name == "trailing" else False)
    for part in range(12):

        def flip(data, part=part):
            token = bytearray(right(data))
            token[len(token) * (2 * part + 1) // 24] ^= 0x10
            return bytes(token)

        yield from both(f"flipped-{part}", flip, False)


def headers():
    """The header around the token."""

    def header(name, change, holds=False, **more):
        def apply(value):
            return change(value) if any(key in value for key in ("sigTst", "sigTst2")) else value

        for title, identity in (("", None), ("-ended", expired_leaf())):
            highest = "trusted" if holds is True or not title else holds if holds else None if name == "both" else "invalid"
            yield make(
                f"time-header-{name}{title}", highest, "10.3.2.5", stamp=right, hooks={"unprotected": apply}, identity=identity, **more
            )

    yield from header("right", lambda h: h, True)
    yield from header("old-name", lambda h: {"sigTst": h["sigTst2"]})
    yield from header("v1-new-name", lambda h: {"sigTst2": h["sigTst"]}, version=1)
    yield from header("v1-right", lambda h: h, True, version=1)
    yield from header("both", lambda h: h | {"sigTst": h["sigTst2"]})
    yield from header("both-first-broken", lambda h: {"sigTst": {"tstTokens": [{"val": b"0"}]}, **h}, EITHER)
    yield from header("two-tokens", lambda h: {"sigTst2": {"tstTokens": h["sigTst2"]["tstTokens"] * 2}}, reserve=15000)
    yield from header("no-tokens", lambda h: {"sigTst2": {"tstTokens": []}})
    yield from header("text-token", lambda h: {"sigTst2": {"tstTokens": [{"val": "x"}]}})
    yield from header("no-value", lambda h: {"sigTst2": {"tstTokens": [{}]}})
    yield from header("token-list", lambda h: {"sigTst2": h["sigTst2"]["tstTokens"]})
    yield from header("null", lambda h: {"sigTst2": None})
    yield from header("bytes", lambda h: {"sigTst2": h["sigTst2"]["tstTokens"][0]["val"]})
    yield from header("more-fields", lambda h: {"sigTst2": h["sigTst2"] | {"note": 1}}, True)
    past_stamp = right(b"of another file")
    yield from header("of-another-file", lambda h: {"sigTst2": {"tstTokens": [{"val": past_stamp}]}})


REVOKED = ("signingCredential.ocsp.revoked", "signingCredential.revoked")


def staple(name, responses, highest="trusted", codes=(), stamp=right, section="15.9", identity=None, **more):
    value = responses if isinstance(responses, dict) else {"ocspVals": responses}
    headers = {"rVals": value}
    return make(f"ocsp-{name}", highest, section, codes, stamp=stamp, unprotected=headers, reserve=14000, identity=identity, **more)


def answer(*responder, is_revoked=False, moment=-1, person=None, **more):
    """The usual signer's status around the time of the stamp; revoked a day before it unless told otherwise."""
    settings = {"start": past() - DAY, "end": past() + 2 * DAY, **more}
    moment = past() + moment * DAY if is_revoked else None
    return ocsp_response(person or signer("es256"), roots()[1], *responder, is_revoked=is_revoked, moment=moment, **settings)


def responders():
    """Who signs the response (RFC 6960 4.2.2.2)."""
    root, middle, _ = roots()
    responder = issue("Responder", "p256", middle, number=70, usages=(OCSP,))
    plain = issue("Not a Responder", "p256", middle, number=71)
    foreign = issue("Foreign Responder", "p256", root, number=72, usages=(OCSP,))
    stranger = issue("Stranger's Authority", "rsa2048", number=73, is_authority=True)
    ended = issue("Ended Responder", "p256", middle, number=74, usages=(OCSP,), start=now() - 90 * DAY, end=now() - 30 * DAY)
    yield staple("good-delegated", [answer(responder)])
    yield staple("good-with-issuers-certificate", [answer(middle)])
    yield staple("good-by-foreign", [answer(foreign)])
    yield staple("good-by-plain", [answer(plain)])
    yield staple("good-by-ended", [answer(ended)])
    yield staple("good-by-stranger", [ocsp_response(signer("es256"), stranger, start=past() - DAY, end=past() + 2 * DAY)])
    yield staple("revoked-delegated", [answer(responder, is_revoked=True)], "invalid", REVOKED)
    yield staple("revoked-with-issuers-certificate", [answer(middle, is_revoked=True)], "invalid", REVOKED)
    yield staple("revoked-by-foreign", [answer(foreign, is_revoked=True)])
    yield staple("revoked-by-plain", [answer(plain, is_revoked=True)])


def revocation():
    """OCSP responses in the unsigned header `rVals` and in the assertion `c2pa.certificate-status`."""
    root, middle, _ = roots()
    person, other = signer("es256"), issue("Another Signer", "p256", middle, number=75)
    good, broken = answer(), answer(is_revoked=True)
    yield staple("good", [good])
    yield staple("good-no-time", [good], stamp=None)
    yield staple("good-now-no-time", [ocsp_response(person, middle)], stamp=None)
    yield staple("revoked-before", [answer(is_revoked=True)], "invalid", REVOKED)
    yield staple("revoked-after", [answer(is_revoked=True, moment=1)], "invalid|trusted")
    yield staple("revoked-no-time", [ocsp_response(person, middle, is_revoked=True)], "invalid|trusted", (), stamp=None)
    yield staple("good-of-another", [answer(person=other)])
    yield staple("revoked-another", [answer(person=other, is_revoked=True)])
    yield staple("unknown", [answer(is_unknown=True)], "trusted|invalid")
    yield staple("good-old", [answer(start=past() - 9 * DAY, end=past() - 5 * DAY)])
    yield staple("good-later", [answer(start=past() + 5 * DAY, end=past() + 9 * DAY)])
    yield staple("good-future", [answer(start=now() + 5 * DAY, end=now() + 9 * DAY)], stamp=None)
    yield staple("good-then-revoked", [good, broken], "invalid", REVOKED)
    yield staple("revoked-then-good", [broken, good], "invalid", REVOKED)
    yield staple("flipped", [good[:-9] + bytes([good[-9] ^ 1]) + good[-8:]])
    yield staple("revoked-flipped", [broken[:-9] + bytes([broken[-9] ^ 1]) + broken[-8:]])
    yield staple("cut", [good[:-1]])
    yield staple("garbage", [b"\x30\x03\x0a\x01\x06"])
    yield staple("empty", [])
    yield staple("empty-bytes", [b""])
    yield staple("text", ["x"])
    yield staple("not-map", {"ocspVals": 5})
    yield staple("trailing", [good + b"\0"])
    yield staple("ten", [answer(person=other)] * 9 + [good])
    yield make(
        "ocsp-assertion-good",
        "trusted",
        "18.19",
        stamp=right,
        assertions=[actions(), Assertion("c2pa.certificate-status", {"ocspVals": [good]})],
    )
    yield make(
        "ocsp-assertion-revoked",
        "invalid|trusted",
        "15.9",
        (),
        stamp=right,
        assertions=[actions(), Assertion("c2pa.certificate-status", {"ocspVals": [broken]})],
    )
    middle_revoked = ocsp_response(middle, root, is_revoked=True, start=past() - DAY, end=past() + 2 * DAY, moment=past() - DAY)
    yield staple("middle-revoked", [good, middle_revoked], "valid|trusted")


GROUPS = [tokens, authorities, damaged_tokens, headers, responders, revocation]
