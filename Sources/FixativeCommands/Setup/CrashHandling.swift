internal import CSandbox
import Foundation
import Glibc

/// Makes a crash end the process at once, without a backtrace or core file that could contain the key.
enum CrashHandling {
    /// The signals caught by Swift's backtracer if it is enabled.
    private static let signals = [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGTRAP]

    /// Call this first. Otherwise a crash runs the backtracer, which may take minutes, waits for input on a terminal, and prints
    /// memory. Set `SWIFT_BACKTRACE` in the environment to keep it for debugging; unless it says `enable=no`, debuggers and core
    /// dumps are allowed as well.
    static func prepare(environment: [String: String] = ProcessInfo.processInfo.environment) {
        if environment["SWIFT_BACKTRACE"] == nil { for number in signals { signal(number, SIG_DFL) } }
        if environment["SWIFT_BACKTRACE"]?.contains("enable=no") ?? true {
            // A core limit of 0 does not stop the kernel from piping the memory to a program (core(5)).
            _ = fixative_refuse_dumps()
        }
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = 0
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    }
}
