import Foundation
import Glibc

/// What happens when the process crashes: it ends at once, and leaves nothing behind that could hold the key.
enum CrashHandling {
    /// The signals that Swift's runtime catches when its backtracer is on.
    private static let signals = [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGTRAP]

    /// Call this first: before it, a crash runs the backtracer, which may take minutes, waits for an answer on a terminal, and prints
    /// memory. `SWIFT_BACKTRACE` in the environment keeps it, for who looks for a defect.
    static func prepare(environment: [String: String] = ProcessInfo.processInfo.environment) {
        if environment["SWIFT_BACKTRACE"] == nil { for number in signals { signal(number, SIG_DFL) } }
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = 0
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    }
}
