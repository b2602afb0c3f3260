package import Foundation
import HeapModule

/// Which of many downloads can still be made in time.
///
/// The rule of Moore and Hodgson (J. M. Moore, Management Science 15, 1968): go through the jobs by their deadlines, and whenever one
/// would be late, leave out the longest of those taken so far. No other choice makes more of them in time on one machine; so many
/// connections count as one machine that is so many times faster.
package enum AdmissionPlan {
    package struct Job: Sendable {
        /// Before all others when it has none.
        package var deadline: Date?
        /// On one connection.
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

    /// The order to take jobs up in: by deadline those that can be made, then the others, which are still tried.
    ///
    /// - Parameter jobs: By deadline, those without one first.
    /// - Returns: Indices of `jobs`, each once, and how many of them are admitted.
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
