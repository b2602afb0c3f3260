import ArchiveModel
import Archiver
import Foundation
import GenerationAPI
import Synchronization

/// The input and the workshop of a running service. A reload replaces both: the archiver ends its work under the old settings and begins
/// again under the new ones, while everything else goes on.
final class LiveInput: Sendable {
    private struct State {
        var input: ServiceInput
        var workshop: Workshop?
        /// Counts the replacements of the workshop.
        var generation = 0
        /// Replaced, and perhaps still at work.
        var retired: [Workshop] = []
        var isEnding = false
    }

    private let state: Mutex<State>

    init(_ input: ServiceInput) { state = Mutex(State(input: input)) }

    var input: ServiceInput { state.withLock { $0.input } }
    var generation: Int { state.withLock { $0.generation } }

    /// - Throws: ``ArchiveNotOpen`` before there is one.
    func workshop() throws -> (workshop: Workshop, generation: Int) {
        try state.withLock { state in
            guard let workshop = state.workshop else { throw ArchiveNotOpen() }
            return (workshop, state.generation)
        }
    }

    /// - Parameter makeWorkshop: Given the input, makes the workshop for it.
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

    /// To be called when no archiver is at work.
    func takeRetired() -> [Workshop] {
        state.withLock { state in
            defer { state.retired = [] }
            return state.retired
        }
    }

    /// Asks the archiver to end; from now on no other one begins.
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

/// Something came before the archive could be opened.
struct ArchiveNotOpen: Error, CustomStringConvertible {
    var description: String { "the archive is not open yet" }
}
