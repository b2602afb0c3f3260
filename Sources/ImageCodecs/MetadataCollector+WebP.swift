// WebP container specification, "Metadata" and "Color Profile"; C2PA specification for the `C2PA` chunk.
extension MetadataCollector {
    mutating func readWebP(_ bytes: Span<UInt8>) {
        guard var chunks = try? WebPChunks(bytes) else { return }
        while let chunk = try? chunks.next(in: bytes) {
            switch chunk.name {
            case "VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF":
                continue
            default:
                guard accept(ancillary: chunk.body.count) else { return }
            }
            switch chunk.name {
            case "EXIF":
                addExif(bytes.copy(chunk.body.prefix(Self.maxBlockBytes)), from: chunk.name)
            case "XMP ":
                addXMP(bytes.copy(chunk.body.prefix(Self.maxBlockBytes)), isCut: chunk.body.count > Self.maxBlockBytes)
            case "ICCP" where profile == nil:
                guard accept(profile: chunk.body.count) else { return }
                profile = bytes.copy(chunk.body)
                metadata.profile = profile.map(ImageMetadata.Profile.init(icc:))
            case "C2PA":
                addManifestStore(bytes, chunk.body)
            default:
                break
            }
        }
    }
}
