/// What draws the pictures that the simulated service delivers.
package protocol PictureSource: Sendable {
    /// Draws a picture and encodes it.
    ///
    /// Called on a thread of its own that may be kept busy: never on the pool that runs asynchronous code.
    ///
    /// - Parameters:
    ///   - width: In pixels.
    ///   - height: In pixels.
    ///   - format: `png`, `jpeg` or `webp`.
    ///   - seed: Equal seeds give equal bytes.
    /// - Returns: The file.
    func picture(width: Int, height: Int, format: String, seed: UInt64) async throws -> [UInt8]
}
