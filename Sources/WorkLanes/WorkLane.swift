import Foundation
import Synchronization

/// Threads for work that blocks or computes, so that it never holds a thread of the cooperative pool.
package struct WorkLane: Sendable {
    private let queue: OperationQueue

    /// - Parameters:
    ///   - name: Shown by debuggers.
    ///   - width: How many pieces of work run at once, at least 1.
    package init(name: String, width: Int) {
        queue = OperationQueue()
        queue.name = name
        queue.maxConcurrentOperationCount = max(1, width)
    }

    /// Runs `work` on a thread of the lane and gives back what it returns or throws.
    ///
    /// Work that has been handed over runs to its end, also when the calling task is cancelled meanwhile.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let job = Job(work)
        return try await withCheckedThrowingContinuation { continuation in
            queue.addOperation { continuation.resume(with: job.run()) }
        }
    }

    /// Work that is let go of as soon as it is done: the queue may keep its block a little longer than the caller waits.
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
