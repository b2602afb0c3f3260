import ArchiveModel
package import Foundation
import Networking
import Synchronization

/// A reason why the account's real state may be hidden, although calls seem to succeed.
package struct UpstreamProblem: Sendable, Hashable, Encodable {
    package enum Name: String, Sendable, Hashable, Encodable, CaseIterable {
        /// The clocks of this machine and the API differ, so computed deadlines are wrong.
        case clock
        /// The account's list is older than one read before.
        case staleList = "stale-list"
        /// The account's list shows fewer tasks than it announces, has no end, or is cut off whenever it is read.
        case incompleteList = "incomplete-list"
        /// The catalog file was replaced while this process had it open.
        case catalogReplaced = "catalog-replaced"
        /// The answer came from something else, such as a network's sign-in page.
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

    /// The next step for the user.
    package var advice: String {
        switch name {
        case .clock: "Correct the clock of this machine, for example with 'timedatectl set-ntp true'"
        case .staleList: "Check that the key belongs to the same account as before, then run 'fixative audit --against-account'"
        case .incompleteList: "Check proxies and firewalls in front of the API, then run 'fixative audit --against-account'"
        case .catalogReplaced:
            "Restart the program, then run 'fixative verify'. If 'verify' reports a damaged catalog, run 'fixative rebuild'"
        case .notTheAPI: "Check the API address, proxies and the network's sign-in page; 'fixative doctor' tests the connection"
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

/// Tracks problems that hide the account's real state. While there is one, a successful call proves nothing.
///
/// Each check reports its own problem, and clears it when the check passes again. One monitor serves all clients of a process.
package final class UpstreamMonitor: Sendable {
    package enum Change: Sendable {
        case found(UpstreamProblem)
        case cleared(UpstreamProblem.Name)
    }

    /// Tolerated difference between the two clocks, in seconds.
    package static let clockTolerance: TimeInterval = 300
    /// Seconds for which an answer of the API confirms this machine's clock. A clock can jump at any time, for example when a
    /// machine wakes up.
    package static let confirmationLifetime: TimeInterval = 15 * 60

    private struct State {
        var problems: [UpstreamProblem.Name: UpstreamProblem] = [:]
        var clockSkew: TimeInterval?
        /// This machine's time at the last comparison, if the clocks agreed.
        var clockConfirmedAt: Date?
    }

    private let state = Mutex(State())
    private let onChange: @Sendable (Change) -> Void

    /// - Parameter onChange: Called from any thread when a problem appears or disappears.
    package init(onChange: @escaping @Sendable (Change) -> Void = { _ in }) { self.onChange = onChange }

    /// Sorted by name.
    package var problems: [UpstreamProblem] {
        state.withLock { $0.problems.values.sorted { $0.name.rawValue < $1.name.rawValue } }
    }

    /// Seconds by which the API's clock is ahead of this machine's, as last measured; `nil` before the first measurement.
    package var clockSkew: TimeInterval? { state.withLock { $0.clockSkew } }

    /// Whether decisions based on the time of day may be final: an answer of the API to this process has shown within
    /// ``confirmationLifetime`` that the clocks agree. Without answers, the clock may be wrong by any amount.
    ///
    /// - Parameter now: This machine's time.
    package func isClockConfirmed(now: Date) -> Bool {
        let confirmedAt = state.withLock { $0.clockConfirmedAt }
        return confirmedAt.map { now.timeIntervalSince($0).magnitude <= Self.confirmationLifetime } ?? false
    }

    package func report(_ problem: UpstreamProblem) {
        let isNew = state.withLock { $0.problems.updateValue(problem, forKey: problem.name) == nil }
        if isNew { onChange(.found(problem)) }
    }

    package func clear(_ name: UpstreamProblem.Name) {
        let isGone = state.withLock { $0.problems.removeValue(forKey: name) != nil }
        if isGone { onChange(.cleared(name)) }
    }

    /// Compares the clocks using an answer of the API.
    ///
    /// - Parameters:
    ///   - date: The answer's `Date` headers. Ignored unless there is exactly one valid HTTP date.
    ///   - age: The `Age` header: seconds for which a cache has held the answer.
    ///   - now: This machine's time when the answer arrived.
    package func compareClock(date: [String], age: String?, now: Date) {
        guard date.count == 1, let text = date.first, let told = HTTPDate.parse(text, now: now) else { return }
        let kept = age.flatMap { UInt32($0.trimmingCharacters(in: .whitespaces)) }.map(TimeInterval.init) ?? 0
        let skew = told.addingTimeInterval(kept).timeIntervalSince(now)
        state.withLock { state in
            state.clockSkew = skew
            state.clockConfirmedAt = skew.magnitude <= Self.clockTolerance ? now : nil
        }
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

    /// Reports or clears an incomplete list of the account.
    ///
    /// - Parameter gap: Why tasks are missing from it; `nil` if nothing suggests it.
    package func recordList(gap: String?) {
        guard let gap else { return clear(.incompleteList) }
        report(UpstreamProblem(.incompleteList, "the account's list is incomplete: \(gap)"))
    }

    /// Compares the newest task of the account's list with the newest task of earlier lists.
    ///
    /// - Parameters:
    ///   - newest: Creation time of the newest task in the list; `nil` for an empty list.
    ///   - before: Creation time of the newest task in earlier lists.
    package func compareList(newest: Date?, before: Date?, now: Date) {
        guard let before else { return clear(.staleList) }
        // The account may have dropped an old task, which leaves an empty list. A recent task must still be listed.
        let isYoung = now.timeIntervalSince(before) < UpstreamRules.linkLifetime
        guard newest.map({ $0 < before }) ?? isYoung else { return clear(.staleList) }
        let shown = newest.map { "its newest task is from \($0.iso8601)" } ?? "it is empty"
        report(
            UpstreamProblem(
                .staleList,
                "the account's list is older than before: \(shown), but an earlier list had a task from \(before.iso8601)"))
    }
}
