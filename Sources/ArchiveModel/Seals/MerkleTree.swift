/// A Merkle tree as in RFC 6962, section 2.1, with SHA-256.
///
/// A leaf's hash is SHA-256(0x00 || leaf), a node's hash is SHA-256(0x01 || left || right). The two prefixes keep a node from
/// being presented as a leaf.
package struct MerkleTree: Sendable {
    /// A step from a leaf to the root.
    package struct Step: Sendable, Hashable {
        package var sibling: Digest
        /// Whether the sibling is the left one of the two.
        package var isLeft: Bool

        package init(sibling: Digest, isLeft: Bool) { (self.sibling, self.isLeft) = (sibling, isLeft) }
    }

    /// The hashes of the leaves, then of each level above. The last one without a partner moves up unchanged.
    private let levels: [[Digest]]

    package init(_ leaves: some Sequence<[UInt8]>) {
        var levels = [leaves.map(Self.hash)]
        while let last = levels.last, last.count > 1 {
            levels.append(
                stride(from: 0, to: last.count, by: 2).map { left in
                    left + 1 < last.count ? Self.hash(last[left], last[left + 1]) : last[left]
                })
        }
        self.levels = levels
    }

    package var count: Int { levels[0].count }

    /// The root; for no leaves, the SHA-256 of nothing.
    package var root: Digest { levels.last?.first ?? Digest(of: [UInt8]()) }

    /// The siblings on the way from a leaf to the root.
    package func path(to index: Int) -> [Step] {
        precondition((0..<count).contains(index), "a path needs a leaf")
        var place = index
        var steps: [Step] = []
        for level in levels.dropLast() {
            let other = place ^ 1
            if other < level.count { steps.append(Step(sibling: level[other], isLeft: other < place)) }
            place /= 2
        }
        return steps
    }

    /// The root that a leaf and its path yield.
    package static func root(of leaf: [UInt8], along path: [Step]) -> Digest {
        path.reduce(hash(leaf)) { $1.isLeft ? hash($1.sibling, $0) : hash($0, $1.sibling) }
    }

    private static func hash(_ leaf: [UInt8]) -> Digest { Digest(of: [0] + leaf) }

    private static func hash(_ left: Digest, _ right: Digest) -> Digest { Digest(of: [1] + left.bytes + right.bytes) }
}
