import Foundation

/// Ends the process when its parts don't: a write that waits for another program's lock on the catalog can't be called off. Whatever was
/// acknowledged survives that, as it survives a kill.
enum Backstop {
    /// Seconds from the beginning of the end until it comes.
    static let time: TimeInterval = 9.5
    /// Seconds for the line that says so: a stderr that nobody reads must not hold up the end.
    private static let lastWords: TimeInterval = 0.2

    /// Begins to wait, on a thread of its own: the others may all be stuck. A process that ends before takes the thread with it.
    static func arm(_ tell: @escaping @Sendable () -> Void) {
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: time - lastWords)
            Thread.detachNewThread(tell)
            Thread.sleep(forTimeInterval: lastWords)
            _exit(0)
        }
    }
}
