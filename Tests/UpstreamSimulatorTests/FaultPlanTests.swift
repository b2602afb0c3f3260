import Testing

@testable import UpstreamSimulator

/// What goes wrong, how often, and that it is the same every time.
struct FaultPlanTests {
    private static let plan = FaultPlan(profile: .hostile, seed: 7)
    private static let subjects = (0..<20_000).map { "subject \($0)" }

    @Test(arguments: [FaultProfile.none, .real]) func onlyTheHostileProfileHasFaults(profile: FaultProfile) {
        let plan = FaultPlan(profile: profile, seed: 7)
        for subject in Self.subjects.prefix(2000) {
            #expect(plan.fate(of: subject) == .ordinary)
            #expect(plan.apiFault(subject, attempt: 1) == nil)
            #expect(plan.downloadFault(subject, attempt: 1) == nil)
            #expect(plan.outcome(of: subject) == .completed)
        }
    }

    @Test func aDecisionDependsOnlyOnSeedSubjectAndAttempt() {
        let again = FaultPlan(profile: .hostile, seed: 7)
        let other = FaultPlan(profile: .hostile, seed: 8)
        var differs = false
        for subject in Self.subjects.prefix(2000).reversed() {
            for attempt in 1...4 {
                #expect(again.downloadFault(subject, attempt: attempt) == Self.plan.downloadFault(subject, attempt: attempt))
                #expect(again.apiFault(subject, attempt: attempt) == Self.plan.apiFault(subject, attempt: attempt))
            }
            #expect(again.fate(of: subject) == Self.plan.fate(of: subject))
            differs = differs || other.fate(of: subject) != Self.plan.fate(of: subject)
        }
        #expect(differs)
    }

    @Test func transientFaultsEndAfterThreeAttempts() {
        for subject in Self.subjects {
            for attempt in 4...6 {
                #expect(Self.plan.apiFault(subject, attempt: attempt) == nil)
                #expect(Self.plan.downloadFault(subject, attempt: attempt) == nil)
            }
            // Once a subject works, it goes on working.
            if Self.plan.downloadFault(subject, attempt: 1) == nil {
                #expect(Self.plan.downloadFault(subject, attempt: 2) == nil)
            }
            if Self.plan.apiFault(subject, attempt: 2) == nil { #expect(Self.plan.apiFault(subject, attempt: 3) == nil) }
        }
    }

    /// A kind of fault without its figures.
    private static func kind(_ fault: some Any) -> String {
        "\(fault)".replacing(/milliseconds: \d+|percent: \d+/, with: "")
    }

    @Test func everyKindOfFaultIsReachable() {
        let calls = Set(Self.subjects.compactMap { Self.plan.apiFault($0, attempt: 1) }.map(Self.kind))
        #expect(calls.count == 11, "\(calls)")
        let downloads = Set(Self.subjects.compactMap { Self.plan.downloadFault($0, attempt: 1) }.map(Self.kind))
        #expect(downloads.count == 16, "\(downloads)")
    }

    @Test func fatesOccurAtTheirRates() {
        var counts: [String: Double] = [:]
        for subject in Self.subjects {
            let name = String("\(Self.plan.fate(of: subject))".prefix { $0 != "(" })
            counts[name, default: 0] += 100 / Double(Self.subjects.count)
        }
        let expected: [(String, Double)] = [
            ("vanished", 2), ("linkDead", 3), ("redirectLoop", 1), ("redirectToPrivateAddress", 1), ("alwaysHTML", 1),
            ("truncated", 1),
            ("linkDiesOnce", 4),
        ]
        for (name, percent) in expected { #expect(abs((counts[name] ?? 0) - percent) < 0.5, "\(name)") }
        for status in [403, 404, 410] {
            #expect(Self.subjects.contains { Self.plan.fate(of: $0) == .linkDead(status: status) })
            #expect(Self.subjects.contains { Self.plan.fate(of: $0) == .linkDiesOnce(status: status) })
        }
    }

    @Test func delaysStayUnderASecondAndAHalf() {
        for subject in Self.subjects {
            var whole = 0
            for attempt in 1...3 {
                switch Self.plan.downloadFault(subject, attempt: attempt) {
                case .drip(let milliseconds), .late(let milliseconds): whole = max(whole, milliseconds)
                default: break
                }
            }
            #expect(whole < 1500)
        }
    }

    @Test func someCreatedTasksEndWithoutAPicture() {
        let outcomes = Self.subjects.map { Self.plan.outcome(of: $0) }
        #expect(outcomes.contains(.cancelled))
        #expect(outcomes.contains { if case .failed = $0 { true } else { false } })
        #expect(outcomes.count { $0 == .completed } > 19_000)
    }
}
