package import Foundation

/// Verifies the Content Credentials of a file (C2PA specification 2.4; claims of 1.x are read too).
///
/// Works on memory alone: no network, no clock of its own. It never throws: a hostile file gives a report like any other.
package struct CredentialValidator: Sendable {
    private let trust: TrustPolicy
    private let limits: CredentialLimits

    package init(trust: TrustPolicy, limits: CredentialLimits = CredentialLimits()) {
        self.trust = trust
        self.limits = limits
    }

    /// - Parameters:
    ///   - location: The place of the manifest store; `nil` when the file has none.
    ///   - now: The time at which a signature without trusted time stamp must hold.
    package func report(of file: Span<UInt8>, at location: CredentialsLocation?, now: Date) -> CredentialReport {
        guard let location, location.stores > 0 else { return CredentialReport(state: .absent) }
        guard location.stores == 1 else {
            var log = StatusLog(limit: limits.statuses)
            log.add(
                .severalStores, at: nil, "the file has \(location.stores) manifest stores; the specification counts them as none")
            return CredentialReport(state: .absent, codes: log.statuses)
        }
        do throws(MalformedData) {
            let bytes = try storeBytes(of: file, at: location)
            var report = CredentialReport(state: .unreadable, storeBytes: bytes.count)
            do throws(MalformedData) {
                let store = try ManifestStore(bytes, limits: limits)
                guard let active = store.manifests.last else { throw MalformedData("the store has no manifest") }
                fill(&report, with: active, of: store, file, location, now)
            } catch {
                report.codes = [
                    CredentialStatus(code: StatusCode.generalError.rawValue, kind: .failure, box: nil, why: error.reason)
                ]
            }
            return report
        } catch {
            let status = CredentialStatus(code: StatusCode.generalError.rawValue, kind: .failure, box: nil, why: error.reason)
            return CredentialReport(state: .unreadable, codes: [status])
        }
    }

    private func storeBytes(of file: Span<UInt8>, at location: CredentialsLocation) throws(MalformedData) -> [UInt8] {
        for ranges in [location.units, location.payloads] {
            var end = 0
            for range in ranges {
                guard range.lowerBound >= end, range.upperBound <= file.count else {
                    throw MalformedData("the store lies outside the file")
                }
                end = range.upperBound
            }
        }
        let count = location.payloads.reduce(0) { $0 + $1.count }
        guard count > 0, !location.units.isEmpty else { throw MalformedData("the store is empty") }
        guard count <= limits.storeBytes else { throw MalformedData("the store has more than \(limits.storeBytes) bytes") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for range in location.payloads {
            unsafe file.extracting(range).withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    private func fill(
        _ report: inout CredentialReport, with active: Manifest, of store: ManifestStore, _ file: Span<UInt8>,
        _ location: CredentialsLocation,
        _ now: Date
    ) {
        var verification = StoreVerification(store, trust: trust, limits: limits, now: now)
        defer { report.codes = verification.log.statuses }
        if location.isDamaged {
            verification.log.add(.damagedCarrier, at: nil, "a checksum or repeated header of the carrier is wrong")
        }
        guard active.kind != .compressed else {
            return verification.log.add(.compressedManifest, at: active.address(), "the active manifest is compressed, not read")
        }
        report.state = .invalid
        guard active.kind != .timeStamp else {
            return verification.log.add(
                .timeStampManifest, at: active.address(), "time-stamp manifests are not supported since 2.0")
        }
        let read = verification.read(active)
        guard let claim = read.claim else {
            if let problem = read.problem { verification.log.add(problem) }
            return
        }
        describe(&report, read, claim)
        verification.checked.insert(active.label)
        var visited: Set<String> = []
        verification.collectLineage(of: read, visited: &visited)
        let judged = verification.checkSignature(read, claim)
        let hasSignatureFailure = verification.log.hasFailure
        verification.checkAssertions(read, claim)
        let bound = verification.bindingManifest(of: read)
        verification.checkLineage()
        checkBinding(&report, &verification, active: read, bound: bound, file, location)
        if !store.hasZeroPadding() { verification.log.add(.paddingNotZero, at: nil, "a padding box of the store holds data") }
        report.chain = judged?.chain ?? []
        guard let output = judged?.output else { return }
        (report.signer, report.timeStamp, report.revocation) = (output.signer, output.timeStamp, output.revocation)
        let isWhole = !verification.log.hasFailure || hasSignatureFailure && onlySignatureFails(verification.log, active)
        report.isValidByVendorTime = output.isValidByVendorTime && isWhole && verification.isBound
        if output.isValid, verification.isBound, !verification.log.hasFailure {
            report.state = output.isTrusted && !verification.hasUntrustedIngredient ? .trusted : .valid
            report.turnsInvalidAt = output.turnsInvalidAt
        }
    }

    /// Whether everything but the credential holds, as for a picture whose certificate has ended since.
    private func onlySignatureFails(_ log: StatusLog, _ active: Manifest) -> Bool {
        let place = active.address("c2pa.signature")
        return log.statuses.allSatisfy { $0.kind != .failure || $0.box == place }
    }

    private func describe(_ report: inout CredentialReport, _ read: ReadManifest, _ claim: Claim) {
        report.claim = ClaimFacts(claim, label: read.manifest.label, limits: limits)
        for assertion in read.assertions {
            if AssertionType.isUnjudged(assertion.type) { report.unjudged.append(assertion.label) }
            if let actions = Actions(assertion.content, limits: limits), AssertionType.actions.contains(assertion.type) {
                report.actions += actions.facts(limits: limits)
            }
            if AssertionType.ingredients.contains(assertion.type) {
                report.ingredients.append(Ingredient(assertion, in: read.manifest.label, limits: limits).facts)
            }
        }
    }

    private func checkBinding(
        _ report: inout CredentialReport, _ verification: inout StoreVerification, active: ReadManifest, bound: ReadManifest?,
        _ file: Span<UInt8>, _ location: CredentialsLocation
    ) {
        guard let bound, let assertion = bound.hardBindings.first else {
            if active.manifest.kind == .update {
                verification.log.add(
                    .hardBindingsMissing, at: active.manifest.claimAddress, "no standard manifest lies behind the update")
            }
            return
        }
        report.binding = assertion.type
        guard let content = assertion.content else {
            return verification.log.add(.dataHashMalformed, at: assertion.place, "the hard binding cannot be read")
        }
        let binding = HardBinding(
            location: location, store: verification.store, claimAlgorithm: bound.claim?.algorithm,
            hasUpdates: active.manifest.kind == .update, limits: limits)
        for finding in binding.check(assertion.type, content, of: file) {
            verification.log.add(finding.code, at: assertion.place, finding.why)
            if finding.code.kind == .success { verification.isBound = true }
        }
    }
}
