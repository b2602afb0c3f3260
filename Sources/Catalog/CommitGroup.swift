import GRDB
import Synchronization

/// Writes that share a commit: whatever was asked for while one commit went to the disk goes with the next.
///
/// Each write is a savepoint of its own, so one that fails takes nothing of the others with it; and none returns before the commit of
/// its group is durable.
final class CommitGroup: Sendable {
    private struct Job: Sendable {
        /// Runs the write, and gives what tells its caller of the outcome once the commit is through.
        var run: @Sendable (Database) -> (@Sendable () -> Void)
        /// Tells its caller that nothing was written.
        var fail: @Sendable (any Error) -> Void
    }

    private struct State {
        var jobs: [Job] = []
        var isRunning = false
    }

    /// Writes of one commit at the most: those that wait for it should not wait long.
    private static let largest = 64

    private let database: DatabasePool
    private let state = Mutex(State())

    init(_ database: DatabasePool) { self.database = database }

    /// One write; durable when this returns.
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

    /// Commits group after group until nobody waits.
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
