import Foundation
import Synchronization

/// The remaining call budget: at most one minute's worth, refilled continuously (token bucket).
struct CallBudget {
    private let perMinute: Int
    private var left: Double
    private var date: Date

    init(perMinute: Int, now: Date) {
        self.perMinute = perMinute
        left = Double(perMinute)
        date = now
    }

    mutating func calls(now: Date) -> Int {
        left = min(Double(perMinute), left + max(0, now.timeIntervalSince(date)) * Double(perMinute) / 60)
        date = now
        return Int(left)
    }

    mutating func spend() { left -= 1 }
    mutating func giveBack() { left = min(Double(perMinute), left + 1) }
}

/// A call budget that concurrent readings share.
final class SharedCallBudget: Sendable {
    private let budget: Mutex<CallBudget>

    init(perMinute: Int) { budget = Mutex(CallBudget(perMinute: perMinute, now: .distantPast)) }

    /// Takes one call out of the budget.
    /// - Returns: `false` if there is none left.
    func take(now: Date) -> Bool {
        budget.withLock { budget in
            guard budget.calls(now: now) > 0 else { return false }
            budget.spend()
            return true
        }
    }

    /// Returns a call that has found a task.
    func giveBack() { budget.withLock { $0.giveBack() } }
}
