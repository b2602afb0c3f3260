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
        var context: ArchiverContext?
        /// Number of reloads so far.
        var generation = 0
        /// Replaced, but possibly still working.
        var retired: [ArchiverContext] = []
        var isEnding = false
    }

    private let state: Mutex<State>

    init(_ input: ServiceInput) { state = Mutex(State(input: input)) }

    var input: ServiceInput { state.withLock { $0.input } }
    var generation: Int { state.withLock { $0.generation } }

    /// - Throws: ``ArchiveNotOpen`` before the archive is open.
    func context() throws -> (context: ArchiverContext, generation: Int) {
        try state.withLock { state in
            guard let context = state.context else { throw ArchiveNotOpen() }
            return (context, state.generation)
        }
    }

    /// - Parameter makeContext: Creates the context for the current input.
    func begin(_ makeContext: (ServiceInput) -> ArchiverContext) {
        state.withLock { $0.context = makeContext($0.input) }
    }

    func replace(_ input: ServiceInput, context: ArchiverContext?) {
        let old = state.withLock { state -> ArchiverContext? in
            state.input = input
            state.generation += 1
            guard let context, !state.isEnding else { return nil }
            let old = state.context
            if let old { state.retired.append(old) }
            state.context = context
            return old
        }
        old?.archiver.stop()
    }

    /// Call only while no archiver is running.
    func takeRetired() -> [ArchiverContext] {
        state.withLock { state in
            defer { state.retired = [] }
            return state.retired
        }
    }

    /// Asks the archiver to stop, and prevents a new one from starting.
    func stop() {
        let context = state.withLock { state in
            state.isEnding = true
            return state.context
        }
        context?.archiver.stop()
    }

    func close() async {
        for context in takeRetired() { await context.close() }
        if let context = state.withLock({ $0.context }) { await context.close() }
    }
}

/// The archive is needed but not open yet.
struct ArchiveNotOpen: Error, CustomStringConvertible {
    var description: String { "the archive is not open yet" }
}
