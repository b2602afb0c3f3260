/// Draws the pictures that the simulated service delivers.
package protocol PictureSource: Sendable {
    /// Draws a picture and encodes it.
    ///
    /// Called on a dedicated thread that it may block, never on the cooperative pool.
    ///
    /// - Parameters:
    ///   - width: In pixels.
    ///   - height: In pixels.
    ///   - format: `png`, `jpeg` or `webp`.
    ///   - seed: Equal seeds give equal bytes.
    /// - Returns: The encoded file.
    func picture(width: Int, height: Int, format: String, seed: UInt64) async throws -> [UInt8]
}
