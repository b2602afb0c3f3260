/// Who a failure is to be put down to. Only `vendor` may ever become a claim.
package enum FailureCause: String, Sendable, Codable {
    /// The vendor or its storage host answered, and the answer was no file.
    case vendor
    /// This machine, its network or its settings: it is held and alarmed.
    case ours
    /// Nobody can tell from here.
    case unknown
}
