// WebP container specification, "Metadata" and "Color Profile"; C2PA for its own chunk.
extension MetadataReader {
    static func readWebP(_ bytes: Span<UInt8>, into metadata: inout ImageMetadata) -> [UInt8]? {
        guard var chunks = try? WebPChunks(bytes) else { return nil }
        var profile: [UInt8]?
        while let chunk = try? chunks.next(in: bytes) {
            switch chunk.name {
            case "EXIF":
                metadata.addExif(bytes.copy(chunk.body), from: chunk.name)
            case "XMP " where metadata.xmp == nil:
                metadata.xmp = xmp(bytes.copy(chunk.body.prefix(MetadataText.maxBytes + 1)))
            case "ICCP" where profile == nil && chunk.body.count <= maxProfileBytes:
                profile = bytes.copy(chunk.body)
                metadata.profile = profile.map(ImageMetadata.Profile.init(icc:))
            case "C2PA":
                metadata.contentCredentialsBytes = (metadata.contentCredentialsBytes ?? 0) + chunk.body.count
            default:
                break
            }
        }
        return profile
    }
}
