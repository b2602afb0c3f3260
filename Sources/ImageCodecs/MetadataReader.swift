/// Reads metadata in plain Swift, with bounds of its own; the codec libraries never see these chunks.
public enum MetadataReader {
    /// Reads what is known to be of use from a PNG, JPEG or WebP file.
    ///
    /// Never throws: a file that is none of these, or is cut, gives what could be read up to there, and so does one that is
    /// above the limits.
    ///
    /// - Parameter bytes: The whole file.
    public static func read(_ bytes: Span<UInt8>) -> ImageMetadata { collect(bytes, .default).metadata }

    /// As `read(_:)`, but a file whose metadata are above the limits is an error.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - limits: Those for ancillary bytes, profiles and inflation are held here, before the memory is spent.
    /// - Returns: The metadata, and the bytes of the ICC profile if there is one that can be read.
    /// - Throws: `CodecError` with `.limitExceeded`. Metadata that make no sense are not thrown, but listed as unreadable.
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
