import DequeModule
import Foundation
import Synchronization

/// Threads for work that blocks or computes, so that it never holds a thread of the cooperative pool.
///
/// They are the lane's own. Queues of Dispatch share as many threads as there are processors, and what waits for the disk on one of
/// them keeps a picture on another from being decoded.
package struct WorkLane: Sendable {
    private let crew: Crew

    /// - Parameters:
    ///   - name: Shown by debuggers.
    ///   - width: How many pieces of work run at once, at least 1.
    package init(name: String, width: Int) { crew = Crew(name: name, width: max(1, width)) }

    /// Runs `work` on a thread of the lane and gives back what it returns or throws.
    ///
    /// Work that has been handed over runs to its end, also when the calling task is cancelled meanwhile.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let job = Job(work)
        return try await withCheckedThrowingContinuation { continuation in
            crew.add { continuation.resume(with: job.run()) }
        }
    }

    /// Work that is let go of as soon as it is done: the crew may keep its block a little longer than the caller waits.
    private final class Job<Value: Sendable>: Sendable {
        private let work: Mutex<(@Sendable () throws -> Value)?>

        init(_ work: @escaping @Sendable () throws -> Value) { self.work = Mutex(work) }

        func run() -> Result<Value, any Error> {
            let work = work.withLock { work in exchange(&work, with: nil) }
            guard let work else { preconditionFailure("a job runs once") }
            return Result(catching: work)
        }
    }

    /// The processors this process may use.
    package static var processors: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }
}

/// The threads of a lane, started when there is work for them; they end when the lane is let go of and its work is done.
private final class Crew: Sendable {
    typealias Work = @Sendable () -> Void

    private let name: String
    private let width: Int
    private let line = Line()

    init(name: String, width: Int) {
        (self.name, self.width) = (name, width)
    }

    deinit { line.close() }

    func add(_ work: @escaping Work) {
        guard line.add(work, width: width) else { return }
        let thread = Thread { [line, name] in
            Thread.current.name = name
            while let work = line.next() { work() }
        }
        thread.start()
    }

    /// The work that waits. Threads hold on to this and not to the crew, whose end is what ends them.
    private final class Line: Sendable {
        private struct State {
            var waiting: Deque<Work> = []
            var threads = 0
            var idle = 0
        }

        private let state = Mutex(State())
        private let bell = DispatchSemaphore(value: 0)

        /// - Returns: Whether one more thread is needed.
        func add(_ work: @escaping Work, width: Int) -> Bool {
            let needsThread = state.withLock { state in
                state.waiting.append(work)
                guard state.waiting.count > state.idle, state.threads < width else { return false }
                state.threads += 1
                return true
            }
            bell.signal()
            return needsThread
        }

        /// Waits for work; `nil` when there will be no more.
        func next() -> Work? {
            state.withLock { $0.idle += 1 }
            bell.wait()
            return state.withLock { state in
                state.idle -= 1
                if state.waiting.isEmpty { bell.signal() }
                return state.waiting.popFirst()
            }
        }

        /// Ends each thread that finds nothing to do.
        func close() { bell.signal() }
    }
}
