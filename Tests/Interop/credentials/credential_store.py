"""Writes manifest stores of Content Credentials: JUMBF boxes, CBOR claims and COSE signatures, with a place to intervene at each step."""

import hashlib
import struct
import uuid

import cbor2

import credential_certificates as certificates

KINDS = {
    "store": b"c2pa",
    "manifest": b"c2ma",
    "update": b"c2um",
    "assertions": b"c2as",
    "claim": b"c2cl",
    "signature": b"c2cs",
    "cbor": b"cbor",
    "json": b"json",
    "credentials": b"c2vc",
    "databoxes": b"c2db",
}
TAIL = bytes.fromhex("00110010800000aa00389b71")
EMBEDDED = bytes.fromhex("40cb0c32bb8a489da70b2ad6f47f4369")
PIXELS = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
SIGNATURE_SIZES = {"es256": 64, "es384": 96, "es512": 132, "ps256": 256, "ps384": 384, "ps512": 512, "ed25519": 64}


def box(kind, payload, length=None):
    return struct.pack(">I", 8 + len(payload) if length is None else length) + kind + payload


def superbox(kind, label, *contents, toggles=3, salt=None, extra=b""):
    """A JUMBF superbox: its description, then its content boxes."""
    kind = KINDS[kind] + TAIL if isinstance(kind, str) else kind
    label = label.encode() if isinstance(label, str) else label
    private = box(b"c2sh", salt) if salt else b""
    description = kind + bytes([toggles | (16 if salt else 0)]) + label + b"\0" + private + extra
    return box(b"jumb", box(b"jumd", description) + b"".join(contents))


def encoded(value):
    return cbor2.dumps(value)


class Assertion:
    """One assertion. `content` is a CBOR value, bytes for an embedded file, or a function that makes one of them from the manifest."""

    def __init__(self, label, content, kind="cbor", is_created=True, salt=None, media="image/svg+xml"):
        self.label, self.content, self.kind, self.is_created, self.salt, self.media = label, content, kind, is_created, salt, media

    def encode(self, manifest):
        value = manifest.apply(self.label, self.content(manifest) if callable(self.content) else self.content)
        if self.kind == "embedded":
            parts = [box(b"bfdb", b"\0" + self.media.encode() + b"\0"), box(b"bidb", value)]
            return superbox(EMBEDDED, self.label, *parts, salt=self.salt)
        raw = manifest.apply(self.label + " bytes", value if isinstance(value, bytes) else encoded(value))
        return manifest.apply(self.label + " box", superbox(self.kind, self.label, box(self.kind.encode(), raw), salt=self.salt))


def actions(agent="gpt-image", extra=()):
    first = {"action": "c2pa.created", "softwareAgent": {"name": agent, "version": "test"}, "digitalSourceType": PIXELS}
    return Assertion("c2pa.actions.v2", {"actions": [first, *extra]})


class Manifest:
    """One manifest. `hooks` maps the name of a step to a function that changes what the step made."""

    def __init__(
        self,
        algorithm="es256",
        identity=None,
        version=2,
        hooks=None,
        assertions=None,
        stamp=None,
        has_binding=True,
        hash_name="sha256",
        reserve=None,
        kind="manifest",
        label=None,
        unprotected=None,
        signing_key=None,
    ):
        self.algorithm, self.version, self.hooks, self.stamp = algorithm, version, dict(hooks or {}), stamp
        self.identity = identity or certificates.signer(algorithm)
        self.signing_key = signing_key or self.identity.private
        self.assertions = [actions()] if assertions is None else assertions
        self.has_binding, self.hash_name, self.kind = has_binding, hash_name, kind
        self.label = label or f"urn:c2pa:{uuid.uuid4()}"
        self.unprotected = dict(unprotected or {})
        self.reserve = reserve or (3000 if stamp is None else 9000)
        self.binding, self.is_dry = None, False

    def apply(self, step, value):
        if step not in self.hooks:
            return value
        self.hooks[step].__dict__["manifest"] = self
        return self.hooks[step](value)

    def data_hash(self):
        value = {
            "exclusions": [{"start": start, "length": length} for start, length in self.binding.exclusions],
            "name": "jumbf manifest",
            "alg": self.hash_name,
            "hash": self.binding.digest(self.hash_name),
            "pad": bytes(8),
        }
        return Assertion("c2pa.hash.data", value)

    def url(self, box_bytes, path):
        return {"url": path, "hash": hashlib.new(self.hash_name, box_bytes[8:]).digest()}

    def claim(self, boxes):
        listed = [(one, self.apply("link " + one.label, self.url(data, f"self#jumbf=c2pa.assertions/{one.label}"))) for one, data in boxes]
        base = {"instanceID": "xmp:iid:0f0e0d0c-0b0a-4908-8706-050403020100"}
        signature = f"self#jumbf=/c2pa/{self.label}/c2pa.signature"
        if self.version == 1:
            return {
                "claim_generator": "fixative-test/1",
                "claim_generator_info": [{"name": "fixative-test", "version": "1"}],
                "signature": signature,
                "assertions": [link for _, link in listed],
                "dc:format": "image/png",
                "dc:title": "test",
                **base,
                "alg": self.hash_name,
            }
        gathered = [link for one, link in listed if not one.is_created]
        return {
            **base,
            "claim_generator_info": {"name": "fixative-test", "version": "1"},
            "signature": signature,
            "created_assertions": [link for one, link in listed if one.is_created],
            **({"gathered_assertions": gathered} if gathered else {}),
            "dc:title": "test",
            "alg": self.hash_name,
        }

    def encode(self, binding, is_dry=False):
        self.binding, self.is_dry = binding, is_dry
        every = [*self.assertions, *([self.data_hash()] if self.has_binding else [])]
        boxes, self.done = [], {}
        for one in self.apply("assertions", every):
            boxes.append((one, one.encode(self)))
            self.done[one.label] = boxes[-1][1]
        claim = self.apply("claim", self.claim(boxes))
        claim_bytes = self.apply("claim bytes", encoded(claim))
        claim_label = "c2pa.claim.v2" if self.version == 2 else "c2pa.claim"
        parts = [
            self.apply("assertion store", superbox("assertions", "c2pa.assertions", *[data for _, data in boxes])),
            self.apply("claim box", superbox("claim", claim_label, box(b"cbor", claim_bytes))),
            self.apply("signature box", superbox("signature", "c2pa.signature", box(b"cbor", self.cose(claim_bytes)))),
        ]
        return self.apply("manifest", superbox(self.kind, self.label, *self.apply("parts", parts)))

    def cose(self, claim_bytes):
        number, digest, _ = certificates.ALGORITHMS[self.algorithm]
        chain = self.identity.chain
        protected = self.apply("protected", {1: number, 33: chain[0] if len(chain) == 1 else chain})
        protected_bytes = protected if isinstance(protected, bytes) else encoded(protected)
        to_be_signed = self.apply("to be signed", encoded(["Signature1", protected_bytes, b"", claim_bytes]))
        if self.is_dry:
            size = SIGNATURE_SIZES[self.algorithm]
            if self.algorithm.startswith("es") or self.algorithm == "ed25519":
                size = (
                    self.signing_key.key_size // 8 * 2 if hasattr(self.signing_key, "curve") and self.signing_key.key_size != 521 else size
                )
            elif hasattr(self.signing_key, "key_size"):
                size = self.signing_key.key_size // 8
            signature = bytes(size)
        else:
            signature = certificates.cose_signature(self.signing_key, to_be_signed, digest)
        signature = self.apply("signature", signature)
        unprotected = dict(self.unprotected)
        if self.stamp and not self.is_dry:
            unprotected |= self.time_stamps(protected_bytes, claim_bytes, signature)
        unprotected = self.apply("unprotected", unprotected)
        return self.apply("cose bytes", self.padded(protected_bytes, unprotected, signature))

    def padded(self, protected_bytes, unprotected, signature):
        """The COSE message, filled up to the reserved size with the unsigned header `pad`."""

        def message(pad):
            headers = self.apply("headers", {**unprotected, "pad": pad} if pad is not None else unprotected)
            return encoded(cbor2.CBORTag(18, self.apply("message", [protected_bytes, headers, None, signature])))

        if self.reserve == "none":
            return message(None)
        reserve = self.reserve + sum(len(one) for one in self.identity.chain)
        missing = reserve - len(message(bytes(300)))
        if missing < 0:
            raise ValueError(f"the reserve is {-missing} bytes too small")
        return (
            message(bytes(300 + missing))
            if 300 + missing < 65536 and len(message(bytes(300 + missing))) == reserve
            else message(bytes(299 + missing))
        )

    def time_stamps(self, protected_bytes, claim_bytes, signature):
        subject = claim_bytes if self.version == 1 else encoded(signature)
        data = encoded(["CounterSignature", protected_bytes, b"", subject])
        token = self.stamp(data)
        if token is None:
            return {}
        title = "sigTst2" if self.version == 2 else "sigTst"
        value = certificates.time_response(token) if self.version == 1 and token[:1] == b"0" else token
        return {title: {"tstTokens": [{"val": value}]}}


class Binding:
    """Where the hashed parts of the file are, and the file."""

    def __init__(self, exclusions, data=b""):
        self.exclusions, self.data = exclusions, data

    def digest(self, hash_name):
        hasher, at = hashlib.new(hash_name), 0
        for start, length in sorted(self.exclusions):
            hasher.update(self.data[at:start])
            at = max(at, start + length)
        hasher.update(self.data[at:])
        return hasher.digest()


def store(manifests, binding, is_dry=False, change=None):
    data = superbox("store", "c2pa", *[one.encode(binding, is_dry) for one in manifests])
    return change(data) if change else data


class Finished:
    """A manifest that another file already has."""

    def __init__(self, data):
        self.data = data

    @property
    def label(self):
        return self.data[33 : self.data.index(b"\0", 33)].decode()

    @property
    def signature_box(self):
        return self.data[self.data.rindex(b"c2cs" + TAIL) - 16 :]

    def encode(self, binding, is_dry=False):
        return self.data


def signed_file(picture, *manifests, change=None, exclusions=None, wants_odd=False):
    """The picture with a store of these manifests, the active one last.

    `exclusions` changes the list of excluded ranges, `change` the store.

    The store gets an even size unless an odd one is wanted: RIFF pads odd chunks.
    """
    place, size = Binding([(0, 0)]), -1
    extra = exclusions or (lambda ranges, data: ranges)
    for _ in range(12):
        dry = store(manifests, place, True, change)
        file, span = picture.embed(dry)
        place = Binding(extra([span], file), file)
        if len(dry) == size and picture.kind == "webp" and len(dry) % 2 != wants_odd and manifests[-1].reserve != "none":
            manifests[-1].reserve += 1
        elif len(dry) == size:
            break
        size = len(dry)
    final = store(manifests, place, False, change)
    if len(final) != size:
        raise ValueError(f"the store changed its size from {size} to {len(final)} bytes")
    return picture.embed(final)[0]
