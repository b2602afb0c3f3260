import ArchiveModel
import Foundation
import ImageCodecs
import Imaging

/// Validates an answer from a worker. A process compromised by a hostile file may send anything.
struct AnswerCheck {
    var recipe: DerivativeRecipe
    var limits: ImageLimits
    /// The length of the file, in bytes.
    var byteCount: Int

    private static let longestNote = 64 << 10
    private static let mostNotes = 1000

    /// - Throws: ``DecoderFailure`` with code `badAnswer`.
    func check(_ picture: InspectedPicture) throws(DecoderFailure) {
        let header = picture.header
        let turned = picture.orientation.swapsSides
        let sides = [header.width, header.height]
        try require(sides.allSatisfy { (1...max(1, limits.maxSide)).contains($0) }, "sides")
        let (pixels, overflow) = header.width.multipliedReportingOverflow(by: header.height)
        try require(!overflow && pixels <= limits.maxPixels, "pixels")
        try require([picture.orientedWidth, picture.orientedHeight] == (turned ? sides.reversed() : sides), "orientation")
        try require([1, 2, 4, 8, 12, 16].contains(header.bitDepth), "bit depth")
        try require((0...max(1, limits.maxFrames)).contains(header.frameCount), "frames")
        try require((0...byteCount).contains(picture.trailingBytes), "trailing bytes")
        try require(picture.thumbHash.count <= 64, "ThumbHash")
        try require(sameBut(picture.recipe), "recipe")
        try check(picture.thumbnail, side: recipe.thumbnailSide, "thumbnail")
        try check(picture.preview, side: recipe.previewSide, "preview")
        try check(picture.metadata)
        try require(picture.notes.count <= Self.mostNotes && picture.notes.allSatisfy(isPlain), "notes")
    }

    func check(_ examined: ExaminedPicture, at checkedAt: Date?) throws(DecoderFailure) {
        try check(examined.picture)
        try require((examined.credentials == nil) == (checkedAt == nil), "Content Credentials")
        if let credentials = examined.credentials { try check(credentials, at: checkedAt) }
    }

    /// The verdict itself can't be verified without repeating the check; its shape can.
    func check(_ facts: CredentialFacts, at checkedAt: Date?) throws(DecoderFailure) {
        try require(facts.checkedAt == checkedAt && facts.history == nil, "time of the check")
        let units = facts.store?.units ?? []
        let areRanges = units.allSatisfy { $0.count == 2 && 0 <= $0[0] && $0[0] <= $0[1] && $0[1] <= byteCount }
        try require((0...byteCount).contains(facts.store?.bytes ?? 0) && areRanges && units.count <= byteCount, "manifest store")
        try require((facts.codes?.all.count ?? 0) <= Self.mostNotes, "status codes")
        let actions = facts.actions ?? []
        let ingredients = facts.ingredients ?? []
        try require(
            max(actions.count, ingredients.count, facts.unjudged?.count ?? 0, facts.signer?.chain.count ?? 0) <= Self.mostNotes,
            "parts of the manifest")
        var words = [facts.spec] + (facts.unjudged ?? [])
        words += (facts.codes?.all ?? []).flatMap { [$0.code, $0.box ?? "", $0.why ?? ""] }
        words += actions.flatMap {
            [$0.action] + [$0.agent, $0.agentVersion, $0.when, $0.digitalSourceType].compactMap { $0 }
        }
        words += ingredients.flatMap { [$0.title, $0.format, $0.relationship, $0.manifest].compactMap { $0 } }
        words += [
            facts.binding, facts.claim?.label, facts.claim?.generator.name, facts.claim?.generator.version,
            facts.claim?.generator.specVersion, facts.claim?.title, facts.signer?.name, facts.signer?.organization,
            facts.signer?.issuer, facts.signer?.serial, facts.signer?.algorithm, facts.signer?.product, facts.timeStamp?.time,
            facts.timeStamp?.authority, facts.revocation?.status,
        ].compactMap { $0 }
        try require(words.allSatisfy(isPlain), "texts of the manifest")
    }

    func check(_ refused: RefusedPicture) throws(DecoderFailure) {
        try require(isPlain(refused.error.detail), "error")
        switch refused.file {
        case .unread(let file):
            try require(isPlain(file.reason) && isName(file.format), "format")
            let names = file.mediaType.split(separator: "/", omittingEmptySubsequences: false)
            try require(names.count == 2 && names.allSatisfy { isName($0) }, "media type")
            try require([file.width ?? 1, file.height ?? 1].allSatisfy { (1...0x7FFF_FFFF).contains($0) }, "sides")
        case .damaged(let reason): try require(isPlain(reason), "damage")
        case .other: break
        }
    }

    /// Whether a text is a name like `svg+xml`.
    private func isName(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        guard (1...64).contains(bytes.count), let first = bytes.first, Self.nameBytes.contains(first) else { return false }
        return bytes.allSatisfy { Self.nameBytes.contains($0) || Self.nameSigns.contains($0) }
    }

    private static let nameBytes = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    private static let nameSigns = Set("+-.".utf8)

    private func check(_ derivative: EncodedDerivative, side: Int, _ name: String) throws(DecoderFailure) {
        let isPicture = derivative.format != .png && ImageFormat.sniff(derivative.bytes.span) == derivative.format
        let sides = [derivative.width, derivative.height]
        try require(isPicture && sides.allSatisfy { (1...max(1, side)).contains($0) }, name)
    }

    private func check(_ metadata: ImageMetadata) throws(DecoderFailure) {
        try require((0...byteCount).contains(metadata.contentCredentialsBytes ?? 0), "Content Credentials")
        try require((0...limits.maxProfileBytes).contains(metadata.profile?.byteCount ?? 0), "profile")
        try require((1...100).contains(metadata.jpegQuality?.estimate ?? 1), "JPEG quality")
        let exif = metadata.exif
        try require((1...8).contains(exif?.orientation ?? 1) && (0...65_535).contains(exif?.colourSpace ?? 0), "EXIF numbers")
        var words = metadata.texts.flatMap { [$0.keyword, $0.value] } + metadata.unreadable + metadata.contradictions
        words += [
            metadata.xmp?.value, metadata.profile?.name, metadata.profile?.description, metadata.profile?.colourSpace,
            exif?.imageDescription, exif?.make, exif?.model, exif?.software, exif?.dateTime, exif?.dateTimeOriginal,
            exif?.artist, exif?.copyright, exif?.userComment, exif?.hostComputer, exif?.imageUniqueID, exif?.title,
            exif?.comment, exif?.keywords,
        ].compactMap { $0 }
        try require(words.allSatisfy(isPlain), "texts")
        let origin = metadata.digitalSourceType
        try require(origin.map { DigitalSourceType(uri: $0.uri, origin: $0.origin) == $0 } ?? true, "source type")
    }

    /// Whether `other` equals the requested recipe, apart from the library versions. Those are the worker's own, since libraries
    /// may have been upgraded after this process started.
    private func sameBut(_ other: DerivativeRecipe) -> Bool {
        var other = other
        guard other.libraries.count <= 16, other.libraries.allSatisfy({ isPlain($0.key) && isPlain($0.value) }) else {
            return false
        }
        other.libraries = recipe.libraries
        return other == recipe
    }

    /// Whether a text is bounded and contains no control characters except tab and newline.
    private func isPlain(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count <= Self.longestNote else { return false }
        var previous: UInt8 = 0
        for byte in bytes {
            if byte < 0x20 && byte != 0x09 && byte != 0x0A || byte == 0x7F { return false }
            // U+0080 to U+009F, the C1 control characters.
            if previous == 0xC2 && byte < 0xA0 { return false }
            previous = byte
        }
        return true
    }

    private func require(_ holds: Bool, _ part: String) throws(DecoderFailure) {
        if !holds { throw DecoderFailure(.badAnswer, part) }
    }
}
