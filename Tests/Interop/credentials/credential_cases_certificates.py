"""Cases in the signer's certificates (14.4, 14.5): profile, key usages, path, validity, keys."""

import functools

from asn1crypto import algos, core
from cryptography import x509

import credential_certificates as certificates
from credential_cases import make
from credential_certificates import ANY, CLAIM, DAY, DOCUMENT, EMAIL, OCSP, SERVER, TIME, Identity, issue, now, reissue, roots, signer

INVALID = ("signingCredential.invalid",)
EXPIRED = ("signingCredential.expired", "claimSignature.outsideValidity")


def leaf(name, highest="invalid", section="14.5.1.1", codes=INVALID, kind="p256", algorithm="es256", issuer=None, label=None, **options):
    """A file signed with one leaf under the usual intermediate."""
    identity = issue(name, kind, issuer or roots()[1], number=20, **options)
    return make(f"certificate-{name}", highest, section, codes, algorithm=algorithm, identity=identity)


def usages():
    def usage(name, every, highest="invalid", section="14.5.1.1", codes=INVALID):
        return leaf(f"usage-{name}", highest, section, codes, usages=every)

    yield usage("none", ())
    yield usage("any", (ANY,))
    yield usage("any-and-email", (EMAIL, ANY))
    yield usage("email", (EMAIL,), "trusted", codes=())
    yield usage("document", (DOCUMENT,), "trusted", codes=())
    yield usage("claim", (CLAIM,), "trusted", codes=())
    yield usage("claim-and-document", (CLAIM, DOCUMENT), "trusted", codes=())
    yield usage("microsoft", ("1.3.6.1.4.1.311.76.59.1.9",), "trusted|invalid", "14.4.1", codes=())
    yield usage("time", (TIME,))
    yield usage("ocsp", (OCSP,))
    yield usage("time-and-email", (TIME, EMAIL))
    yield usage("ocsp-and-email", (OCSP, EMAIL))
    yield usage("time-and-claim", (TIME, CLAIM))
    yield usage("ocsp-and-claim", (OCSP, CLAIM))
    yield usage("time-and-ocsp", (TIME, OCSP))
    yield usage("server", (SERVER,))
    yield usage("code-signing", ("1.3.6.1.5.5.7.3.3",))
    yield usage("client", ("1.3.6.1.5.5.7.3.2",))
    yield usage("unknown", ("1.2.3.4.5",))
    yield usage("unknown-and-email", (EMAIL, "1.2.3.4.5"), "trusted", codes=())
    yield usage("server-and-email", (EMAIL, SERVER), "trusted", codes=())
    yield leaf("usage-critical", "trusted", codes=(), is_usage_critical=True)


def profile():
    yield leaf("key-usage-none", uses=())
    yield leaf("key-usage-encipherment", uses=("key_encipherment",))
    yield leaf("key-usage-non-repudiation", uses=("content_commitment",))
    yield leaf("key-usage-agreement", uses=("key_agreement",))
    yield leaf("key-usage-certificates", uses=("digital_signature", "key_cert_sign"))
    yield leaf("key-usage-only-certificates", uses=("key_cert_sign",))
    yield leaf("key-usage-crl", "trusted", codes=(), uses=("digital_signature", "crl_sign"))
    yield leaf(
        "key-usage-more",
        "trusted",
        codes=(),
        uses=("digital_signature", "content_commitment", "key_encipherment"),
        kind="rsa2048",
        algorithm="ps256",
    )
    yield leaf("without-aki", has_aki=False)
    yield leaf("without-ski", "trusted", codes=(), has_ski=False)
    yield leaf("without-basic-constraints", "trusted", codes=(), has_basic=False)
    yield leaf("authority-as-leaf", codes=("signingCredential.invalid", "signingCredential.untrusted"), is_authority=True)
    yield leaf("authority-as-leaf-signing", is_authority=True, uses=("digital_signature", "key_cert_sign"))
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5.6"), b"\5\0")
    yield leaf("critical-extension", extra=((unknown, True),))
    yield leaf("unknown-extension", "trusted", codes=(), extra=((unknown, False),))
    policies = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("2.5.29.32.0"), None)])
    yield leaf("critical-policies", "trusted", codes=(), extra=((policies, True),))
    names = x509.SubjectAlternativeName([x509.DNSName("example.com")])
    yield leaf("critical-alternative-name", "trusted", codes=(), extra=((names, True),))
    yield leaf("no-organization", "trusted", codes=(), subject=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")]))
    yield leaf("no-subject", "trusted|invalid", codes=(), subject=x509.Name([]))
    yield leaf(
        "name-with-zero-byte",
        "trusted|invalid",
        codes=(),
        subject=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "OpenAI\0.example")]),
    )
    yield leaf("name-long", "trusted", codes=(), subject=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x" * 60)] * 40))
    yield leaf(
        "product",
        "trusted",
        codes=(),
        extra=(
            (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.62558.3"), b"\x0c\x011"), False),
            (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.62558.4"), b"\x0c\x04none"), False),
        ),
    )
    own = issue("Self-signed", "p256", number=21, usages=(EMAIL,))
    yield make(
        "certificate-self-signed", "valid|invalid", "14.5.1.1", (), identity=Identity(own.certificate, own.private, [own.certificate])
    )
    root = issue("Self-signed authority", "p256", number=22, is_authority=True, uses=("digital_signature", "key_cert_sign"))
    yield make(
        "certificate-self-signed-authority",
        "invalid",
        "14.5.1.1",
        INVALID,
        identity=Identity(root.certificate, root.private, [root.certificate]),
    )


@functools.cache
def plain():
    return issue("Raw", "p256", roots()[1], number=23)


def changed(name, change, highest="invalid", codes=INVALID, section="14.5.1.1", base=None, **more):
    return make(f"certificate-{name}", highest, section, codes, identity=reissue(base or plain(), roots()[1], change), **more)


def raw():
    """Certificates that the usual programs refuse to make."""

    def version(number):
        def change(body):
            body["version"] = number
            if number != "v3":
                body["extensions"] = None

        return change

    yield changed("version-1", version("v1"))
    yield changed("version-2", version("v2"))
    yield changed("version-1-with-extensions", lambda b: b.__setitem__("version", "v1"))
    for field in ("issuer_unique_id", "subject_unique_id"):
        yield changed(field.replace("_", "-"), lambda b, field=field: b.__setitem__(field, core.OctetBitString(b"\1\2\3")))
    yield changed("serial-negative", lambda b: b.__setitem__("serial_number", -5), "trusted|invalid", ())
    yield changed("serial-zero", lambda b: b.__setitem__("serial_number", 0), "trusted|invalid", ())
    yield changed("serial-long", lambda b: b.__setitem__("serial_number", 1 << 300), "trusted|invalid", ())

    def twice(oid):
        def change(body):
            every = list(body["extensions"])
            body["extensions"] = every + [one for one in every if one["extn_id"].native == oid]

        return change

    yield changed("key-usage-twice", twice("key_usage"), section="RFC 5280 4.2")
    yield changed("usages-twice", twice("extended_key_usage"), "invalid|valid", (), "RFC 5280 4.2")

    def inner_algorithm(body):
        body["signature"] = algos.SignedDigestAlgorithm({"algorithm": "sha384_rsa"})

    yield changed("inner-algorithm-differs", inner_algorithm, "invalid|valid", (), "RFC 5280 4.1.1.2")
    base = plain()
    broken = bytearray(base.certificate)
    broken[-5] ^= 1
    yield make("certificate-signature-flipped", "valid", "14.5.1.2", (), identity=Identity(bytes(broken), base.private, base.above))
    inside = bytearray(base.certificate)
    at = inside.index(b"Raw")
    inside[at] ^= 1
    yield make("certificate-name-flipped", "valid", "14.5.1.2", (), identity=Identity(bytes(inside), base.private, base.above))


def pss_keys():
    """Keys that are bound to RSASSA-PSS, or to one digest of it (RFC 4055)."""
    source = certificates.signer("ps256")

    def pss_key(body):
        body["subject_public_key_info"]["algorithm"] = {"algorithm": "rsassa_pss"}

    yield changed("rsassa-pss-key", pss_key, "trusted", (), base=source, algorithm="ps256")

    def pss_key_bound(body):
        body["subject_public_key_info"]["algorithm"] = {
            "algorithm": "rsassa_pss",
            "parameters": algos.RSASSAPSSParams(
                {
                    "hash_algorithm": {"algorithm": "sha256"},
                    "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
                    "salt_length": 32,
                }
            ),
        }

    yield changed("rsassa-pss-key-with-parameters", pss_key_bound, "trusted", (), base=source, algorithm="ps256")
    yield changed(
        "rsassa-pss-key-other-digest",
        pss_key_bound,
        "invalid",
        (),
        "RFC 4055 1.2",
        base=source,
        algorithm="ps512",
        signing_key=source.private,
    )


def key_kinds():
    yield leaf("rsa-1024", kind="rsa1024", algorithm="ps256")
    yield leaf("rsa-2047", kind="rsa2047", algorithm="ps256")
    yield leaf("curve-k256", kind="k256")
    yield leaf("curve-p224", kind="p224")
    yield leaf("p384-with-es256", "trusted", "13.2.1", (), kind="p384")
    yield leaf("p256-with-es384", "trusted", "13.2.1", (), algorithm="es384")
    yield leaf("p256-with-es512", "trusted", "13.2.1", (), algorithm="es512")
    yield leaf("p384-with-es512", "trusted", "13.2.1", (), kind="p384", algorithm="es512")
    yield leaf("p521-with-es256", "trusted", "13.2.1", (), kind="p521")
    yield leaf("rsa-4096-with-ps256", "trusted", "13.2.1", (), kind="rsa4096", algorithm="ps256")
    yield leaf("rsa-2048-with-ps512", "trusted", "13.2.1", (), kind="rsa2048", algorithm="ps512")
    yield leaf("signed-by-sha384", "trusted", codes=(), digest="sha384")
    yield leaf("signed-by-sha512", "trusted", codes=(), digest="sha512")
    yield leaf("signed-by-pss", "trusted", codes=(), is_pss=True)
    yield leaf("signed-by-pss-sha512", "trusted", codes=(), is_pss=True, digest="sha512")
    for kind in ("p256", "p384", "p521", "ed25519"):
        middle = issue(f"Middle {kind}", kind, roots()[0], number=24, is_authority=True, path_length=0)
        digest = {"p384": "sha384", "p521": "sha512"}.get(kind, "sha256")
        yield leaf(f"signed-by-{kind}", "trusted", codes=(), issuer=middle, digest=digest)
    middle = issue("Middle PSS", "rsa2048", roots()[0], number=25, is_authority=True, is_pss=True)
    yield leaf("middle-signed-by-pss", "trusted", codes=(), issuer=middle, is_pss=True)


def times():
    # No time stamp: the leaf has to be valid now (15.8.2).
    yield leaf("expired", section="15.8", codes=EXPIRED, start=now() - 90 * DAY, end=now() - DAY)
    yield leaf("not-yet-valid", section="15.8", codes=EXPIRED, start=now() + DAY, end=now() + 90 * DAY)
    yield leaf("ends-before-start", section="15.8", codes=(), start=now() - DAY, end=now() - DAY)
    yield leaf("long", "trusted", "15.8", (), start=now() - 3000 * DAY, end=now() + 30000 * DAY)
    for name, start, end in (("expired", -90, -1), ("not-yet-valid", 1, 90)):
        middle = issue(
            f"Middle {name}", "rsa2048", roots()[0], number=26, is_authority=True, start=now() + start * DAY, end=now() + end * DAY
        )
        yield leaf(f"middle-{name}", "valid|invalid", "15.8.2", (), issuer=middle)


def paths():
    root, middle, _ = roots()

    def below(
        name, highest="valid", codes=("signingCredential.untrusted",), section="14.5.1.2", parent=None, kind="p256", deeper=False, **options
    ):
        settings = {"is_authority": True, "number": 27, **options}
        between = issue(f"Between {name}", kind, parent or root, **settings)
        return leaf(f"path-{name}", highest, section, codes, issuer=between)

    yield below("middle-not-authority", is_authority=False, usages=())
    yield below("middle-without-basic-constraints", has_basic=False)
    yield below("middle-without-key-usage", "valid|invalid", (), uses=())
    yield below("middle-cannot-sign-certificates", uses=("digital_signature",))
    yield below("middle-key-usage-only-crl", uses=("crl_sign",))
    yield below("path-length-exceeded", parent=middle)
    yield below("path-length-one", "trusted", (), path_length=1)
    yield below("middle-signed-by-leaf", parent=signer("es256"))
    yield below("middle-without-ski", "valid|invalid", (), has_ski=False)
    yield below("middle-without-aki", "valid|invalid", (), has_aki=False)
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5.6"), b"\5\0")
    yield below("middle-critical-extension", "valid|invalid", (), extra=((unknown, True),))
    yield below("middle-usage-server", "trusted", (), extra=((x509.ExtendedKeyUsage([x509.ObjectIdentifier(SERVER)]), False),))
    yield below("middle-usage-email", "trusted", (), extra=((x509.ExtendedKeyUsage([x509.ObjectIdentifier(EMAIL)]), False),))
    wrong = x509.NameConstraints([x509.DirectoryName(certificates.name("x", "Another"))], None)
    yield below("name-constraint-forbids", "valid", (), extra=((wrong, True),))
    yield below("middle-weak-rsa", "valid|invalid", (), kind="rsa1024")
    yield below("middle-sha512", "trusted", (), digest="sha512")
    forged = Identity(
        issue("Test Issuing CA", "rsa2048", root, number=28, is_authority=True).certificate, certificates.key("rsa2048", 29), middle.above
    )
    yield leaf("path-same-name-other-key", "valid", "14.5.1.2", (), issuer=forged)
    stranger = issue("Stranger's Root", "rsa2048", number=30, is_authority=True)
    yield leaf("path-stranger", "valid", "14.5.1.2", ("signingCredential.untrusted",), issuer=stranger)
    copy = issue("Test Root", "rsa2048", number=31, is_authority=True)
    yield leaf("path-root-of-same-name", "valid", "14.5.1.2", ("signingCredential.untrusted",), issuer=copy)
    deep = root
    for level in range(6):
        deep = issue(f"Level {level}", "p256", deep, number=40 + level, is_authority=True)
    yield leaf("path-deep", "trusted", "14.5.1.2", (), issuer=deep)
    yield leaf("path-direct", "trusted", "14.5.1.2", (), issuer=root)
    loop = issue("Loop", "p256", issue("Loop", "p256", number=50, is_authority=True), number=51, is_authority=True)
    yield leaf("path-loop", "valid", "14.5.1.2", (), issuer=loop)
    yield leaf("path-time-root", "valid", "14.4.2", ("signingCredential.untrusted",), issuer=roots()[2])


GROUPS = [usages, profile, raw, pss_keys, key_kinds, times, paths]
