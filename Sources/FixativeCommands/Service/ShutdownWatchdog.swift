import Foundation

/// Shutdown watchdog: ends the process if its parts do not stop in time. A write that waits for another program's lock on the
/// catalog can't be cancelled. Acknowledged data survives this, as it survives a kill.
enum ShutdownWatchdog {
    /// Seconds from the start of the shutdown until the process is ended.
    static let time: TimeInterval = 9.5
    /// Seconds for writing the final log line. A blocked stderr must not delay the end.
    private static let flushTime: TimeInterval = 0.2

    /// Starts the timer on a separate thread, since all other threads may be blocked. If the process ends earlier, the thread
    /// ends with it.
    static func arm(_ tell: @escaping @Sendable () -> Void) {
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: time - flushTime)
            Thread.detachNewThread(tell)
            Thread.sleep(forTimeInterval: flushTime)
            _exit(0)
        }
    }
}
