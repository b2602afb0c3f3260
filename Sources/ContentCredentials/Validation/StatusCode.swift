/// The status codes that the manifest side reports: those of the specification, section 15.2.2, and our own, which begin with `x-fixative`.
enum StatusCode: String, Sendable {
    // Success.
    case boxesHashMatch = "assertion.boxesHash.match"
    case dataHashMatch = "assertion.dataHash.match"
    case hashedURIMatch = "assertion.hashedURI.match"
    case ingredientSignatureValidated = "ingredient.claimSignature.validated"
    case ingredientManifestValidated = "ingredient.manifest.validated"

    // Informational.
    case boxesHashAdditionalExclusions = "assertion.boxesHash.additionalExclusionsPresent"
    case dataHashAdditionalExclusions = "assertion.dataHash.additionalExclusionsPresent"
    case ingredientUnknownProvenance = "ingredient.unknownProvenance"
    case compressedManifest = "x-fixative.manifest.compressed"
    case paddingNotZero = "x-fixative.padding.notZero"
    case severalStores = "x-fixative.store.several"

    // Failure.
    case actionIngredientMismatch = "assertion.action.ingredientMismatch"
    case actionMalformed = "assertion.action.malformed"
    case actionRedacted = "assertion.action.redacted"
    case actionRedactionMismatch = "assertion.action.redactionMismatch"
    case actionSoftBindingMissing = "assertion.action.softBindingMissing"
    case algorithmUnsupported = "algorithm.unsupported"
    case assertionMissing = "assertion.missing"
    case assertionNotRedacted = "assertion.notRedacted"
    case assertionOutsideManifest = "assertion.outsideManifest"
    case assertionSelfRedacted = "assertion.selfRedacted"
    case assertionUndeclared = "assertion.undeclared"
    case boxesHashMalformed = "assertion.boxesHash.malformed"
    case boxesHashMismatch = "assertion.boxesHash.mismatch"
    case boxesHashUnknownBox = "assertion.boxesHash.unknownBox"
    case cborInvalid = "assertion.cbor.invalid"
    case claimCBORInvalid = "claim.cbor.invalid"
    case claimMalformed = "claim.malformed"
    case claimMissing = "claim.missing"
    case claimMultiple = "claim.multiple"
    case claimSignatureMismatch = "claimSignature.mismatch"
    case claimSignatureMissing = "claimSignature.missing"
    case cloudDataActions = "assertion.cloud-data.actions"
    case cloudDataHardBinding = "assertion.cloud-data.hardBinding"
    case cloudDataMalformed = "assertion.cloud-data.malformed"
    case credentialInvalid = "signingCredential.invalid"
    case damagedCarrier = "x-fixative.carrier.damaged"
    case dataHashMalformed = "assertion.dataHash.malformed"
    case dataHashMismatch = "assertion.dataHash.mismatch"
    case externalReferenceCreated = "assertion.external-reference.created"
    case externalReferenceMalformed = "assertion.external-reference.malformed"
    case generalError = "general.error"
    case hardBindingRedacted = "assertion.hardBinding.redacted"
    case hardBindingsMissing = "claim.hardBindings.missing"
    case hashedURIMismatch = "assertion.hashedURI.mismatch"
    case ingredientMalformed = "assertion.ingredient.malformed"
    case ingredientManifestMismatch = "ingredient.manifest.mismatch"
    case ingredientManifestMissing = "ingredient.manifest.missing"
    case ingredientSignatureMismatch = "ingredient.claimSignature.mismatch"
    case ingredientSignatureMissing = "ingredient.claimSignature.missing"
    case jsonInvalid = "assertion.json.invalid"
    case multipleHardBindings = "assertion.multipleHardBindings"
    case multipleParents = "manifest.multipleParents"
    case pictureDataExcluded = "x-fixative.exclusion.pictureData"
    case referenceMismatch = "hashedURI.mismatch"
    case referenceMissing = "hashedURI.missing"
    case timeStampManifest = "manifest.timestamp.invalid"
    case timeStampMalformed = "assertion.timestamp.malformed"
    case updateInvalid = "manifest.update.invalid"
    case updateWrongParents = "manifest.update.wrongParents"

    var kind: CredentialStatus.Kind {
        switch self {
        case .boxesHashMatch, .dataHashMatch, .hashedURIMatch, .ingredientSignatureValidated, .ingredientManifestValidated:
            .success
        case .boxesHashAdditionalExclusions, .dataHashAdditionalExclusions, .ingredientUnknownProvenance,
            .compressedManifest, .paddingNotZero, .severalStores:
            .informational
        default: .failure
        }
    }
}

/// The statuses so far, and whether one of them makes the manifest invalid.
struct StatusLog {
    private(set) var statuses: [CredentialStatus] = []
    private(set) var hasFailure = false
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    mutating func add(_ code: StatusCode, at box: String?, _ why: String? = nil) {
        add(CredentialStatus(code: code.rawValue, kind: code.kind, box: box, why: why))
    }

    /// - Parameter counts: False for a failure that only lowers the trust in an ingredient.
    mutating func add(_ status: CredentialStatus, counts: Bool = true) {
        // An untrusted signer leaves the manifest valid (specification, 14.3.5 and 14.3.6).
        if counts, status.kind == .failure, status.code != "signingCredential.untrusted" { hasFailure = true }
        if statuses.count < limit { statuses.append(status) }
    }
}
