package import Foundation
import HeapModule

/// Selects the downloads that can finish before their deadlines.
///
/// Moore–Hodgson algorithm (J. M. Moore, Management Science 15, 1968): add jobs in order of deadline; whenever one would finish
/// late, drop the longest job added so far. On one machine this maximizes the number of jobs in time. `n` connections count as
/// one machine that is `n` times faster.
package enum AdmissionPlan {
    package struct Job: Sendable {
        /// Jobs without a deadline come first.
        package var deadline: Date?
        /// Duration on one connection.
        package var seconds: TimeInterval

        package init(deadline: Date?, seconds: TimeInterval) {
            self.deadline = deadline
            self.seconds = seconds
        }
    }

    private struct Taken: Comparable {
        var seconds: TimeInterval
        var index: Int
        static func < (left: Taken, right: Taken) -> Bool { (left.seconds, left.index) < (right.seconds, right.index) }
    }

    /// The order in which to start jobs: first those that can finish in time, by deadline, then the others.
    ///
    /// - Parameter jobs: Sorted by deadline, those without one first.
    /// - Returns: Indices of `jobs`, each once, and how many jobs are admitted.
    package static func order(_ jobs: [Job], now: Date, connections: Int) -> (indices: [Int], admitted: Int) {
        var heap = Heap<Taken>()
        var isDeferred = [Bool](repeating: false, count: jobs.count)
        var total: TimeInterval = 0
        for (index, job) in jobs.enumerated() {
            let left = job.deadline?.timeIntervalSince(now) ?? .infinity
            guard job.seconds <= left else {
                isDeferred[index] = true
                continue
            }
            heap.insert(Taken(seconds: job.seconds, index: index))
            total += job.seconds / Double(connections)
            if total > left, let longest = heap.popMax() {
                isDeferred[longest.index] = true
                total -= longest.seconds / Double(connections)
            }
        }
        let admitted = jobs.indices.filter { !isDeferred[$0] }
        return (admitted + jobs.indices.filter { isDeferred[$0] }, admitted.count)
    }
}
