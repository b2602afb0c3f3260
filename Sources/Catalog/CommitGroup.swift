import GRDB
import Synchronization

/// Group commit: writes that arrive during a commit share the next one.
///
/// Each write runs in its own savepoint, so a failing write does not affect the others. A write returns only after its group's
/// commit is durable.
final class CommitGroup: Sendable {
    private struct Job: Sendable {
        /// Runs the write. Returns a closure that reports the result to the caller after the commit.
        var run: @Sendable (Database) -> (@Sendable () -> Void)
        /// Reports to the caller that nothing was written.
        var fail: @Sendable (any Error) -> Void
    }

    private struct State {
        var jobs: [Job] = []
        var isRunning = false
    }

    /// The maximum number of writes in one commit; it bounds how long they wait for each other.
    private static let largest = 64

    private let database: DatabasePool
    private let state = Mutex(State())

    init(_ database: DatabasePool) { self.database = database }

    /// Performs one write; it is durable when this returns.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            add(
                Job { database in
                    let outcome = Result { try Self.inSavepoint(database, body) }
                    return { continuation.resume(with: outcome) }
                } fail: {
                    continuation.resume(throwing: $0)
                })
        }
    }

    private func add(_ job: Job) {
        let isFirst = state.withLock { state in
            state.jobs.append(job)
            return !exchange(&state.isRunning, with: true)
        }
        if isFirst { database.asyncWriteWithoutTransaction { [self] database in run(in: database) } }
    }

    /// Commits one group after another until the queue is empty.
    private func run(in database: Database) {
        while let jobs = take() {
            var deliveries: [@Sendable () -> Void] = []
            do {
                try database.inTransaction(.immediate) {
                    deliveries = jobs.map { $0.run(database) }
                    return .commit
                }
                for deliver in deliveries { deliver() }
            } catch {
                for job in jobs { job.fail(error) }
            }
        }
    }

    private func take() -> [Job]? {
        state.withLock { state in
            guard !state.jobs.isEmpty else {
                state.isRunning = false
                return nil
            }
            let taken = Array(state.jobs.prefix(Self.largest))
            state.jobs.removeFirst(taken.count)
            return taken
        }
    }

    private static func inSavepoint<Value>(_ database: Database, _ body: (Database) throws -> Value) throws -> Value {
        var value: Value?
        try database.inSavepoint {
            value = try body(database)
            return .commit
        }
        guard let value else { preconditionFailure("a savepoint that committed has run its body") }
        return value
    }
}
