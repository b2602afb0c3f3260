/// Reads metadata in plain Swift, with its own limits. The codec libraries never see these chunks.
public enum MetadataReader {
    /// Reads the useful metadata of a PNG, JPEG or WebP file.
    ///
    /// Does not throw. A truncated file and a file above the limits give the metadata read so far; another format gives none.
    ///
    /// - Parameter bytes: The whole file.
    public static func read(_ bytes: Span<UInt8>) -> ImageMetadata { collect(bytes, .default).metadata }

    /// Like `read(_:)`, but throws if the metadata exceeds the limits.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - limits: The limits for ancillary bytes, profiles and inflated data are checked before the memory is allocated.
    /// - Returns: The metadata, and the bytes of the ICC profile if one can be read.
    /// - Throws: `CodecError` with `.limitExceeded`. Invalid metadata is not thrown, but listed as unreadable.
    package static func read(
        _ bytes: Span<UInt8>, limits: ImageLimits
    ) throws(CodecError) -> (metadata: ImageMetadata, profile: [UInt8]?) {
        let collector = collect(bytes, limits)
        if let violation = collector.violation { throw violation }
        return (collector.metadata, collector.profile)
    }

    private static func collect(_ bytes: Span<UInt8>, _ limits: ImageLimits) -> MetadataCollector {
        let format = ImageFormat.sniff(bytes)
        var collector = MetadataCollector(format, limits)
        switch format {
        case .png: collector.readPNG(bytes)
        case .jpeg: collector.readJPEG(bytes)
        case .webp: collector.readWebP(bytes)
        case nil: break
        }
        return collector
    }
}
