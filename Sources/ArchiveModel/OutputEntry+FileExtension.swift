extension OutputEntry.Original {
    /// The extension of a file with these bytes, from a fixed table by the detected format or media type; `bin` for others.
    ///
    /// Format and media type may come from an archive from elsewhere, so neither becomes part of a file name.
    package var fileExtension: String {
        switch format ?? mediaType {
        case "png", "image/png": "png"
        case "jpeg", "image/jpeg": "jpg"
        case "webp", "image/webp": "webp"
        case "gif", "avif", "heic", "heif", "jxl", "jp2", "bmp", "tiff", "ico", "svg", "pdf", "mp4", "webm", "mov", "mp3", "wav",
            "ogg", "flac",
            "zip":
            format ?? "bin"
        case "text/html": "html"
        case "text/plain": "txt"
        case "application/json": "json"
        default: "bin"
        }
    }
}
