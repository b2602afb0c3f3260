import ArchiveModel
import Archiver
import Foundation
import GenerationAPI
import Synchronization

/// The current settings and the archiver of a running service. A reload replaces both: the old archiver finishes its work, and a
/// new one starts with the new settings. All other parts continue.
final class LiveInput: Sendable {
    private struct State {
        var input: ServiceInput
        var workshop: Workshop?
        /// Number of reloads so far.
        var generation = 0
        /// Replaced, but possibly still working.
        var retired: [Workshop] = []
        var isEnding = false
    }

    private let state: Mutex<State>

    init(_ input: ServiceInput) { state = Mutex(State(input: input)) }

    var input: ServiceInput { state.withLock { $0.input } }
    var generation: Int { state.withLock { $0.generation } }

    /// - Throws: ``ArchiveNotOpen`` before the archive is open.
    func workshop() throws -> (workshop: Workshop, generation: Int) {
        try state.withLock { state in
            guard let workshop = state.workshop else { throw ArchiveNotOpen() }
            return (workshop, state.generation)
        }
    }

    /// - Parameter makeWorkshop: Creates the workshop for the current input.
    func begin(_ makeWorkshop: (ServiceInput) -> Workshop) {
        state.withLock { $0.workshop = makeWorkshop($0.input) }
    }

    func replace(_ input: ServiceInput, workshop: Workshop?) {
        let old = state.withLock { state -> Workshop? in
            state.input = input
            state.generation += 1
            guard let workshop, !state.isEnding else { return nil }
            let old = state.workshop
            if let old { state.retired.append(old) }
            state.workshop = workshop
            return old
        }
        old?.archiver.stop()
    }

    /// Call only while no archiver is running.
    func takeRetired() -> [Workshop] {
        state.withLock { state in
            defer { state.retired = [] }
            return state.retired
        }
    }

    /// Asks the archiver to stop, and prevents a new one from starting.
    func stop() {
        let workshop = state.withLock { state in
            state.isEnding = true
            return state.workshop
        }
        workshop?.archiver.stop()
    }

    func close() async {
        for workshop in takeRetired() { await workshop.close() }
        if let workshop = state.withLock({ $0.workshop }) { await workshop.close() }
    }
}

/// The archive is needed but not open yet.
struct ArchiveNotOpen: Error, CustomStringConvertible {
    var description: String { "the archive is not open yet" }
}
