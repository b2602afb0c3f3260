import NIOConcurrencyHelpers
import NIOPosix

/// Runs CPU-heavy jobs with limited concurrency, outside of the cooperative pool and the event loops.
final class DrawingThreads: TaskExecutor {
    private struct State {
        var running = 0
        var waiting: [UnownedJob] = []
    }

    private let width: Int
    private let state = NIOLockedValueBox(State())

    /// - Parameter width: Maximum number of concurrent jobs, at least 1.
    init(width: Int) { self.width = max(1, width) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mayStart = state.withLockedValue { state in
            if state.running == width {
                state.waiting.append(job)
                return false
            }
            state.running += 1
            return true
        }
        if mayStart { start(job) }
    }

    private func start(_ job: UnownedJob) {
        // The shared pool lives as long as the process and always accepts work.
        NIOThreadPool.singleton.submit { [self] _ in
            var next: UnownedJob? = job
            while let job = next {
                unsafe job.runSynchronously(on: asUnownedTaskExecutor())
                next = state.withLockedValue { state in
                    if state.waiting.isEmpty {
                        state.running -= 1
                        return nil
                    }
                    return state.waiting.removeFirst()
                }
            }
        }
    }
}
