import ArchiveModel
import Catalog
import Foundation

/// Tasks are read in groups, each of one account. The own account has a place of its own, and callers take turns in the others. So
/// an account whose calls the API limits or does not answer delays no other account.
extension Archiver {
    /// A place for one group of tasks that are read together.
    enum ReadingPlace: Sendable, Hashable {
        /// A single task that was in progress when a process died.
        case suspect
        /// The number of an account; 0 for the own one.
        case account(Int64)
    }

    /// Callers whose tasks are read at the same time.
    private static let callersAtOnce = 3

    /// Leases due tasks for each free place, and starts to read them.
    func startReadings(
        _ state: inout RunState, in group: inout ThrowingTaskGroup<ChildResult, any Error>, now: Date
    ) async throws {
        for place in try await freePlaces(state, now: now) {
            let leases = try await leaseTasks(place, now: now)
            guard !leases.isEmpty else { continue }
            state.readings[place] = leases
            if case .account(let account) = place, account != 0 { state.lastCaller = account }
            group.addTask { .tasks(place, try await resolve(leases)) }
        }
    }

    private func leaseTasks(_ place: ReadingPlace, now: Date) async throws -> [TaskLease] {
        let until = now.addingTimeInterval(options.leaseDuration)
        return switch place {
        case .suspect: try await catalog.leaseTasks(limit: 1, suspects: true, now: now, until: until)
        case .account(let account):
            try await catalog.leaseTasks(
                limit: UpstreamRules.batchLimit, account: account, suspects: false, now: now, until: until)
        }
    }

    /// The places in which tasks may be read now.
    private func freePlaces(_ state: RunState, now: Date) async throws -> [ReadingPlace] {
        var places: [ReadingPlace] = []
        if !state.hasSuspectInHand, state.readings[.suspect] == nil { places.append(.suspect) }
        if state.readings[.account(0)] == nil { places.append(.account(0)) }
        let busy = state.readings.keys.count { $0 != .suspect && $0 != .account(0) }
        guard busy < Self.callersAtOnce else { return places }
        // Begin after the last one, and go on with the first one.
        var next = try await catalog.callersWithDueTasks(after: state.lastCaller, limit: Self.callersAtOnce, now: now)
        if state.lastCaller != .min, next.count < Self.callersAtOnce {
            next += try await catalog.callersWithDueTasks(after: .min, limit: Self.callersAtOnce, now: now)
        }
        var callers: [ReadingPlace] = []
        for place in next.map(ReadingPlace.account) where state.readings[place] == nil && !callers.contains(place) {
            callers.append(place)
        }
        return places + callers.prefix(Self.callersAtOnce - busy)
    }
}
