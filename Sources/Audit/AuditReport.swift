package import ArchiveModel
import Foundation
package import SizeContract

/// Requested against delivered against billed, over some outputs. Its JSON is a promise: names and shapes do not change.
package struct AuditReport: Sendable, Encodable {
    package struct Summary: Sendable, Encodable {
        /// Outputs judged: those that were delivered and archived.
        package var outputs = 0
        package var byVerdict: [String: Int] = [:]
        /// What was billed above what was delivered, in base prices, over all outputs where both are known.
        package var overpaidMultiplier = PriceMultiplier.zero
        /// Outputs and tasks that can't be had, or no longer.
        package var unavailable = 0

        package init() {}

        /// Takes in outputs that a catalog has counted; those that still wait are not judged.
        package mutating func add(_ tally: OutputTally) {
            switch tally.state {
            case .archived:
                guard let verdict = tally.verdict else { return }
                outputs += tally.outputs
                byVerdict[verdict.rawValue, default: 0] += tally.outputs
                overpaidMultiplier = overpaidMultiplier + tally.overpaid
            case .unavailable: unavailable += tally.outputs
            case .waiting, .leased, .held: break
            }
        }

        /// Takes in what another part of the archive comes to.
        package mutating func add(_ other: Summary) {
            outputs += other.outputs
            byVerdict.merge(other.byVerdict, uniquingKeysWith: +)
            overpaidMultiplier = overpaidMultiplier + other.overpaidMultiplier
            unavailable += other.unavailable
        }

        /// Whether nothing is to be complained of: every verdict is clean, and nothing was lost.
        package var isClean: Bool {
            unavailable == 0 && byVerdict.keys.allSatisfy { Verdict(rawValue: $0)?.isClean ?? false }
        }
    }

    package struct Requested: Sendable, Encodable {
        package var size: String?
        package var resolution: String?
    }

    package struct Delivered: Sendable, Encodable {
        package var width: Int?
        package var height: Int?
        package var format: String?
        package var bytes: Int
        package var sha256: Digest
    }

    package struct Output: Sendable, Encodable {
        package var taskId: TaskID
        package var index: Int
        package var requested: Requested?
        package var expected: PixelSize?
        package var delivered: Delivered?
        package var verdict: Verdict
        package var ratioError: Double?
        package var pixelRatio: Double?
        package var onGrid: Bool?
        package var billedTier: Tier?
        package var deliveredTier: Tier?
        package var overpaidMultiplier: PriceMultiplier?
        package var nearestCell: SizeContract.Cell?
    }

    /// Something that was not delivered and will not be.
    package struct Lost: Sendable, Encodable {
        package var taskId: TaskID
        /// `nil` for a task whose results never became known.
        package var index: Int?
        package var reason: String
    }

    package var summary = Summary()
    package var outputs: [Output] = []
    package var lost: [Lost] = []

    /// - Parameters:
    ///   - entries: Outputs in any state; those that still wait are not judged.
    ///   - lostTasks: Tasks that the upstream does not know, with the reason.
    package init(_ entries: [OutputEntry], lostTasks: [(id: TaskID, reason: String)]) {
        for entry in entries {
            switch entry.state {
            case .archived:
                guard let output = Self.output(entry) else { continue }
                outputs.append(output)
                summary.outputs += 1
                summary.byVerdict[output.verdict.rawValue, default: 0] += 1
                summary.overpaidMultiplier = summary.overpaidMultiplier + (output.overpaidMultiplier ?? .zero)
            case .unavailable:
                lost.append(Lost(taskId: entry.id.task, index: entry.id.index, reason: entry.reason ?? "unknown"))
            case .waiting, .leased, .held: break
            }
        }
        lost += lostTasks.map { Lost(taskId: $0.id, reason: $0.reason) }
        summary.unavailable = lost.count
    }

    /// Whether nothing is to be complained of: every verdict is clean, and nothing was lost.
    package var isClean: Bool { summary.isClean }

    private static func output(_ entry: OutputEntry) -> Output? {
        guard let judgement = entry.judgement else { return nil }
        return Output(
            taskId: entry.id.task, index: entry.id.index,
            requested: entry.request.flatMap { request in
                request.size == nil && request.resolution == nil
                    ? nil : Requested(size: request.size, resolution: request.resolution)
            },
            expected: judgement.expected,
            delivered: entry.original.map { original in
                Delivered(
                    width: judgement.delivered?.width, height: judgement.delivered?.height, format: original.format,
                    bytes: original.bytes,
                    sha256: original.digest)
            },
            verdict: judgement.verdict, ratioError: judgement.ratioError, pixelRatio: judgement.pixelRatio,
            onGrid: judgement.isOnGrid,
            billedTier: judgement.billedTier, deliveredTier: judgement.deliveredTier, overpaidMultiplier: judgement.overpaid,
            nearestCell: judgement.nearestCell)
    }
}
