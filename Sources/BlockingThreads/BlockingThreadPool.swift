import DequeModule
import Foundation
import Synchronization

/// A thread pool for work that blocks or computes, so that such work never occupies a thread of the cooperative pool.
///
/// Each pool has its own threads. Dispatch queues would share only as many threads as there are processors, so work waiting for
/// the disk on one queue could delay decoding on another.
package struct BlockingThreadPool: Sendable {
    private let workers: Workers

    /// - Parameters:
    ///   - name: The thread name shown in debuggers.
    ///   - width: The maximum number of concurrent jobs, at least 1.
    package init(name: String, width: Int) { workers = Workers(name: name, width: max(1, width)) }

    /// Runs `work` on a thread of the pool, and returns its result or throws its error.
    ///
    /// Submitted work always runs to its end, even if the calling task is cancelled.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let job = Job(work)
        return try await withCheckedThrowingContinuation { continuation in
            workers.add { continuation.resume(with: job.run()) }
        }
    }

    /// Releases its closure as soon as the work is done: the thread may keep the enclosing block a little longer than the caller
    /// waits.
    private final class Job<Value: Sendable>: Sendable {
        private let work: Mutex<(@Sendable () throws -> Value)?>

        init(_ work: @escaping @Sendable () throws -> Value) { self.work = Mutex(work) }

        func run() -> Result<Value, any Error> {
            let work = work.withLock { work in exchange(&work, with: nil) }
            guard let work else { preconditionFailure("a job runs once") }
            return Result(catching: work)
        }
    }

    /// The number of processors available to this process.
    package static var processors: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }
}

/// The threads of a pool. They are started on demand, and end when the pool is released and all work is done.
private final class Workers: Sendable {
    typealias Work = @Sendable () -> Void

    private let name: String
    private let width: Int
    private let queue = JobQueue()

    init(name: String, width: Int) {
        (self.name, self.width) = (name, width)
    }

    deinit { queue.close() }

    func add(_ work: @escaping Work) {
        guard queue.add(work, width: width) else { return }
        let thread = Thread { [queue, name] in
            Thread.current.name = name
            while let work = queue.next() { work() }
        }
        thread.start()
    }

    /// The queue of pending work. Threads retain this queue but not the workers, so that the workers can be deallocated and close the
    /// queue.
    private final class JobQueue: Sendable {
        private struct State {
            var waiting: Deque<Work> = []
            var threads = 0
            var idle = 0
        }

        private let state = Mutex(State())
        private let semaphore = DispatchSemaphore(value: 0)

        /// - Returns: Whether another thread is needed.
        func add(_ work: @escaping Work, width: Int) -> Bool {
            let needsThread = state.withLock { state in
                state.waiting.append(work)
                guard state.waiting.count > state.idle, state.threads < width else { return false }
                state.threads += 1
                return true
            }
            semaphore.signal()
            return needsThread
        }

        /// Blocks until work is available; `nil` if the queue is closed and empty.
        func next() -> Work? {
            state.withLock { $0.idle += 1 }
            semaphore.wait()
            return state.withLock { state in
                state.idle -= 1
                if state.waiting.isEmpty { semaphore.signal() }
                return state.waiting.popFirst()
            }
        }

        /// Ends every thread that finds the queue empty.
        func close() { semaphore.signal() }
    }
}
