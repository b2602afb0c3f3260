import ArchiveModel
package import Foundation
import Synchronization

/// A reason why the account was perhaps not seen as it is, although calls seem to succeed.
package struct UpstreamProblem: Sendable, Hashable, Encodable {
    package enum Name: String, Sendable, Hashable, Encodable, CaseIterable {
        /// This machine's clock and the API's differ, so deadlines are computed from a wrong time.
        case clock
        /// The account's list is older than one that was read before.
        case staleList = "stale-list"
        /// The catalog's file is no longer the one that this process writes to.
        case catalogReplaced = "catalog-replaced"
        /// The answer came from something else, such as the sign-in page of a network.
        case notTheAPI = "not-the-api"
        /// The API's address answers with a redirect, which is not followed.
        case redirect
    }

    package var name: Name
    package var detail: String

    package init(_ name: Name, _ detail: String) {
        self.name = name
        self.detail = detail
    }

    /// What to do next.
    package var advice: String {
        switch name {
        case .clock: "Correct the clock of this machine, for example with 'timedatectl set-ntp true'"
        case .staleList: "Check that the key belongs to the same account as before, then run 'fixative audit --against-account'"
        case .catalogReplaced: "Restart the program; then run 'fixative verify', and 'fixative rebuild' if it asks for it"
        case .notTheAPI: "Check the network, a proxy or a sign-in page, and the API's address; 'fixative doctor' shows both"
        case .redirect: "Set the API's final address with --api-url or FIXATIVE_API_URL"
        }
    }
}

extension UpstreamProblem: CustomStringConvertible {
    package var description: String { "\(name.rawValue): \(detail). \(advice)" }

    private enum CodingKeys: String, CodingKey { case name, detail, advice }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(detail, forKey: .detail)
        try container.encode(advice, forKey: .advice)
    }
}

/// Remembers what keeps this process from seeing the account: success without it means nothing.
///
/// Each check reports its own problem and clears it when the check passes again. One monitor serves all clients of a process.
package final class UpstreamMonitor: Sendable {
    package enum Change: Sendable {
        case found(UpstreamProblem)
        case cleared(UpstreamProblem.Name)
    }

    /// Seconds that the two clocks may differ.
    package static let clockTolerance: TimeInterval = 300

    private struct State {
        var problems: [UpstreamProblem.Name: UpstreamProblem] = [:]
        var clockSkew: TimeInterval?
    }

    private let state = Mutex(State())
    private let onChange: @Sendable (Change) -> Void

    /// - Parameter onChange: Called from any thread, when a problem appears and when it is gone.
    package init(onChange: @escaping @Sendable (Change) -> Void = { _ in }) { self.onChange = onChange }

    /// In the order of their names.
    package var problems: [UpstreamProblem] {
        state.withLock { $0.problems.values.sorted { $0.name.rawValue < $1.name.rawValue } }
    }

    /// Seconds that the API's clock is ahead of this machine's, as last measured; `nil` when the API has told no time yet.
    package var clockSkew: TimeInterval? { state.withLock { $0.clockSkew } }

    /// Whether a decision by the time of day may be final: the clocks agree, or the API tells no time.
    package var isClockTrusted: Bool { (clockSkew ?? 0).magnitude <= Self.clockTolerance }

    package func report(_ problem: UpstreamProblem) {
        let isNew = state.withLock { $0.problems.updateValue(problem, forKey: problem.name) == nil }
        if isNew { onChange(.found(problem)) }
    }

    package func clear(_ name: UpstreamProblem.Name) {
        let isGone = state.withLock { $0.problems.removeValue(forKey: name) != nil }
        if isGone { onChange(.cleared(name)) }
    }

    /// Compares the clocks by an answer of the API.
    ///
    /// - Parameters:
    ///   - date: The answer's `Date` headers. None, several or one that is no HTTP date say nothing.
    ///   - age: Its `Age` header: seconds that a cache has kept the answer.
    ///   - now: This machine's time when the answer came.
    package func compareClock(date: [String], age: String?, now: Date) {
        guard date.count == 1, let text = date.first, let told = HTTPDate.parse(text, now: now) else { return }
        let kept = age.flatMap { UInt32($0.trimmingCharacters(in: .whitespaces)) }.map(TimeInterval.init) ?? 0
        let skew = told.addingTimeInterval(kept).timeIntervalSince(now)
        state.withLock { $0.clockSkew = skew }
        guard skew.magnitude > Self.clockTolerance else { return clear(.clock) }
        let side = skew > 0 ? "behind" : "ahead of"
        report(
            UpstreamProblem(.clock, "this machine's clock is \(Self.length(skew.magnitude)) \(side) the API's (\(text))"))
    }

    private static func length(_ seconds: TimeInterval) -> String {
        switch seconds {
        case ..<7200: "\(Int((seconds / 60).rounded())) min"
        case ..<172_800: "\(Int((seconds / 3600).rounded())) h"
        default: "\(Int((min(seconds, 1e12) / 86_400).rounded())) days"
        }
    }

    /// Compares the newest task of the account's list with the newest one that an earlier list has shown.
    ///
    /// - Parameters:
    ///   - newest: Creation of the newest task that the list shows; `nil` for a list without one.
    ///   - before: Creation of the newest task that an earlier list has shown.
    package func compareList(newest: Date?, before: Date?, now: Date) {
        guard let before else { return clear(.staleList) }
        // An old task may have left an empty list; a young one has not.
        let isYoung = now.timeIntervalSince(before) < TaskSnapshot.linkLifetime
        guard newest.map({ $0 < before }) ?? isYoung else { return clear(.staleList) }
        let shown = newest.map { "its newest task is of \($0.iso8601)" } ?? "it is empty"
        report(
            UpstreamProblem(
                .staleList, "the account's list is older than before: \(shown), but it has shown one of \(before.iso8601)"))
    }
}
