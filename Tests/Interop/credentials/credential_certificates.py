"""Makes certificates, time-stamp tokens and OCSP responses for the tests of Content Credentials; right ones, and wrong ones on purpose."""

import datetime
import functools
import hashlib

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.x509 import ocsp

EMAIL, DOCUMENT, CLAIM = "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.62558.2.1"
TIME, OCSP, ANY, SERVER = "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9", "2.5.29.37.0", "1.3.6.1.5.5.7.3.1"
DAY = datetime.timedelta(days=1)
HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
CURVES = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1, "k256": ec.SECP256K1, "p224": ec.SECP224R1}
# The algorithm's number in COSE, its digest, and the key that it usually goes with.
ALGORITHMS = {
    "es256": (-7, "sha256", "p256"),
    "es384": (-35, "sha384", "p384"),
    "es512": (-36, "sha512", "p521"),
    "ps256": (-37, "sha256", "rsa2048"),
    "ps384": (-38, "sha384", "rsa3072"),
    "ps512": (-39, "sha512", "rsa4096"),
    "ed25519": (-8, None, "ed25519"),
}


def now():
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


@functools.cache
def key(kind, number=0):
    """A private key. The number tells apart keys of the same kind; making RSA keys is slow, so they are kept."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:]))
    return ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(CURVES[kind]())


def der(certificate):
    return certificate if isinstance(certificate, bytes) else certificate.public_bytes(serialization.Encoding.DER)


def pem(*certificates):
    return "".join(x509.load_der_x509_certificate(der(one)).public_bytes(serialization.Encoding.PEM).decode() for one in certificates)


def signed(private, data, digest="sha256", is_pss=False, salt=None):
    """A signature in the form of X.509 and CMS: DER for ECDSA."""
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(data)
    chosen = HASHES[digest]()
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.sign(data, ec.ECDSA(chosen))
    if is_pss:
        return private.sign(data, padding.PSS(padding.MGF1(chosen), chosen.digest_size if salt is None else salt), chosen)
    return private.sign(data, padding.PKCS1v15(), chosen)


def cose_signature(private, data, digest, salt=None):
    """A signature in the form of COSE: r and s side by side for ECDSA, PSS for RSA."""
    result = signed(private, data, digest, is_pss=True, salt=salt)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        size = (private.key_size + 7) // 8
        return b"".join(part.to_bytes(size, "big") for part in utils.decode_dss_signature(result))
    return result


class Identity:
    """A certificate with its key and the certificates above it, the nearest first."""

    def __init__(self, certificate, private, above=()):
        self.certificate, self.private, self.above = der(certificate), private, list(above)

    @property
    def chain(self):
        """What goes into the file: all but the root."""
        return [self.certificate, *self.above[:-1]]

    @property
    def parsed(self):
        return x509.load_der_x509_certificate(self.certificate)


def name(common, organization="Fixative Test"):
    oids = x509.NameOID
    return x509.Name(
        [
            x509.NameAttribute(oids.COUNTRY_NAME, "DE"),
            x509.NameAttribute(oids.ORGANIZATION_NAME, organization),
            x509.NameAttribute(oids.COMMON_NAME, common),
        ]
    )


def key_usage(*uses):
    every = [
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ]
    return x509.KeyUsage(**{one: one in uses for one in every})


def issue(
    common,
    kind,
    issuer=None,
    number=0,
    is_authority=False,
    usages=(EMAIL, DOCUMENT),
    uses=None,
    start=None,
    end=None,
    path_length=None,
    has_aki=True,
    has_ski=True,
    has_basic=True,
    digest="sha256",
    is_pss=False,
    is_usage_critical=False,
    extra=(),
    subject=None,
    serial=None,
):
    """One certificate by the profile of C2PA, or what the arguments make of it."""
    private = key(kind, number)
    signer = issuer.private if issuer else private
    builder = x509.CertificateBuilder(
        issuer_name=issuer.parsed.subject if issuer else name(common),
        subject_name=subject or name(common),
        public_key=private.public_key(),
        serial_number=serial or x509.random_serial_number(),
        not_valid_before=start or now() - 30 * DAY,
        not_valid_after=end or now() + 365 * DAY,
    )
    if has_basic:
        builder = builder.add_extension(x509.BasicConstraints(is_authority, path_length), critical=True)
    uses = (("key_cert_sign", "crl_sign") if is_authority else ("digital_signature",)) if uses is None else uses
    if uses:
        builder = builder.add_extension(key_usage(*uses), critical=True)
    if usages and not is_authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(one) for one in usages]), critical=is_usage_critical)
    if has_ski:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
    if has_aki and (issuer or not is_authority):
        public = signer.public_key()
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
    for extension, is_critical in extra:
        builder = builder.add_extension(extension, critical=is_critical)
    chosen = None if isinstance(signer, ed25519.Ed25519PrivateKey) else HASHES[digest]()
    pss = padding.PSS(padding.MGF1(chosen), chosen.digest_size) if is_pss else None
    certificate = builder.sign(signer, chosen, rsa_padding=pss)
    return Identity(certificate, private, [issuer.certificate, *issuer.above] if issuer else [])


def reissue(identity, issuer, change):
    """The same certificate with its inner structure changed and signed again by an issuer with an RSA key."""
    parsed = asn1.Certificate.load(identity.certificate, strict=True)
    body = asn1.TbsCertificate.load(parsed["tbs_certificate"].dump())
    change(body)
    parsed["tbs_certificate"] = body
    parsed["signature_value"] = core.OctetBitString(signed(issuer.private, body.dump(force=True)))
    return Identity(parsed.dump(force=True), identity.private, identity.above)


@functools.cache
def roots():
    """The root and the intermediate of signers, both RSA as on the official list, and the root of time stamps."""
    root = issue("Test Root", "rsa3072", is_authority=True, end=now() + 3650 * DAY)
    middle = issue("Test Issuing CA", "rsa2048", root, is_authority=True, path_length=0, end=now() + 1800 * DAY)
    times = issue("Test Time Root", "rsa2048", number=7, is_authority=True, start=now() - 2000 * DAY, end=now() + 3650 * DAY)
    return root, middle, times


@functools.cache
def signer(algorithm):
    """The usual signer of an algorithm."""
    return issue(f"Signer {algorithm}", ALGORITHMS[algorithm][2], roots()[1])


@functools.cache
def stranger():
    """A signer under a root that is on no list."""
    return issue("Stranger", "p256", issue("Stranger's Root", "rsa2048", number=90, is_authority=True), number=90)


@functools.cache
def time_authority(is_trusted=True, **options):
    issuer = roots()[2] if is_trusted else issue("Stranger's Time Root", "rsa2048", number=8, is_authority=True, start=now() - 2000 * DAY)
    settings = {"usages": (TIME,), "is_usage_critical": True, "start": now() - 1500 * DAY, "end": now() + 1500 * DAY, **options}
    return issue("Test Time Authority", settings.pop("kind", "rsa2048"), issuer, number=9, **settings)


def general_time(moment):
    return moment.astimezone(datetime.UTC)


def stamp_attributes(authority, content_type, message_digest):
    """The signed attributes; without an authority they name another certificate."""
    certificate_hash = hashlib.sha256(authority.certificate if authority else b"another").digest()
    identifier = tsp.ESSCertIDv2({"hash_algorithm": {"algorithm": "sha256"}, "cert_hash": certificate_hash})
    return cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": [content_type]}),
            cms.CMSAttribute({"type": "message_digest", "values": [message_digest]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [identifier]})]}),
        ]
    )


def time_stamp(
    data,
    authority=None,
    moment=None,
    imprint="sha256",
    digest="sha256",
    imprint_bytes=None,
    content_type="tst_info",
    has_attributes=True,
    has_certificates=True,
    is_ess_right=True,
    message_digest=None,
    break_signature=False,
    extra_certificates=(),
    signers=1,
):
    """An RFC 3161 token (ContentInfo) over the data, built field by field so that each can be wrong."""
    authority = authority or time_authority()
    leaf = asn1.Certificate.load(authority.certificate)
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": "1.3.6.1.4.1.13762.3",
            "message_imprint": {
                "hash_algorithm": {"algorithm": imprint},
                "hashed_message": imprint_bytes or hashlib.new(imprint, data).digest(),
            },
            "serial_number": 4711,
            "gen_time": general_time(moment or now()),
            "nonce": 99,
        }
    )
    content = info.dump()
    attributes = stamp_attributes(
        authority if is_ess_right else None, content_type, message_digest or hashlib.new(digest, content).digest()
    )
    to_be_signed = attributes.dump() if has_attributes else content
    signature = bytearray(signed(authority.private, to_be_signed, digest))
    if break_signature:
        signature[len(signature) // 2] ^= 1
    is_curve = isinstance(authority.private, ec.EllipticCurvePrivateKey)
    person = {
        "version": "v1",
        "sid": cms.SignerIdentifier({"issuer_and_serial_number": {"issuer": leaf.issuer, "serial_number": leaf.serial_number}}),
        "digest_algorithm": {"algorithm": digest},
        "signature_algorithm": {"algorithm": f"{digest}_ecdsa" if is_curve else "rsassa_pkcs1v15"},
        "signature": bytes(signature),
    }
    if has_attributes:
        person["signed_attrs"] = attributes
    body = {
        "version": "v3",
        "digest_algorithms": [{"algorithm": digest}],
        "encap_content_info": {"content_type": content_type, "content": core.ParsableOctetString(content)},
        "signer_infos": [person] * signers,
    }
    if has_certificates:
        body["certificates"] = [asn1.Certificate.load(one) for one in [*authority.chain, *extra_certificates]]
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(body)}).dump()


def time_response(token):
    """The token in a TimeStampResp, as `sigTst` of claims of version 1 has it."""
    return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": cms.ContentInfo.load(token)}).dump()


def ocsp_response(identity, issuer, responder=None, is_revoked=False, start=None, end=None, moment=None, is_unknown=False):
    """A stapled OCSP response about the identity's certificate, signed by its issuer or by a delegated responder."""
    start = start or now() - DAY
    status = ocsp.OCSPCertStatus
    revoked_at = (moment or start) if is_revoked else None
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=identity.parsed,
        issuer=issuer.parsed,
        algorithm=hashes.SHA1(),
        cert_status=status.REVOKED if is_revoked else status.UNKNOWN if is_unknown else status.GOOD,
        this_update=start,
        next_update=end or now() + 7 * DAY,
        revocation_time=revoked_at,
        revocation_reason=x509.ReasonFlags.key_compromise if is_revoked else None,
    )
    who = responder or issuer
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, who.parsed)
    if responder:
        builder = builder.certificates([responder.parsed])
    return builder.sign(who.private, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
