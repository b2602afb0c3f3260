/// Where a file holds its manifest store. Only the readers of the containers know how to find it.
package struct CredentialsLocation: Sendable, Hashable {
    /// The whole carriers in the file's order: PNG's chunk `caBX` with length, type and CRC; JPEG's APP11 segments with their markers;
    /// WebP's chunk `C2PA` with header and padding.
    package var units: [Range<Int>]
    /// The ranges that hold the store's bytes, in order.
    package var payloads: [Range<Int>]
    /// The stores that the file has; more than one counts as none (specification, 15.5.1).
    package var stores: Int
    /// Whether a carrier's own checksum is wrong. That damages the credential, not the picture.
    package var isDamaged: Bool
    /// The ranges that hold coded pixels: PNG's IDAT and fdAT, JPEG's scans, WebP's VP8/VP8L/ANMF chunks. An exclusion must not reach into them.
    package var pictureData: [Range<Int>]

    package init(
        units: [Range<Int>], payloads: [Range<Int>], stores: Int = 1, isDamaged: Bool = false, pictureData: [Range<Int>] = []
    ) {
        self.units = units
        self.payloads = payloads
        self.stores = stores
        self.isDamaged = isDamaged
        self.pictureData = pictureData
    }
}
