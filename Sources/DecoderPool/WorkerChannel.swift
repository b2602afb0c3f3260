internal import CSandbox

/// One end of the connection between the pool and a worker. Every failure is an errno.
struct WorkerChannel {
    struct Failure: Error {
        var number: Int32 = 0
        /// The error text from the other side, if it sent one.
        var reason: String?

        /// Whether the other side has closed the connection or exited.
        var isClosed: Bool { number == Self.brokenPipe || number == Self.reset }
        var isTimeout: Bool { number == Self.timedOut }

        private static let brokenPipe: Int32 = 32
        private static let reset: Int32 = 104
        private static let timedOut: Int32 = 110
    }

    let descriptor: Int32

    /// - Parameter file: A file descriptor to send along; -1 for none.
    func send(_ bytes: [UInt8], file: Int32 = -1) throws(Failure) {
        guard !bytes.isEmpty else { return }
        try Self.check(unsafe fixative_channel_send(descriptor, bytes, bytes.count, file))
    }

    /// - Parameter time: The timeout for all of the bytes; `nil` waits indefinitely.
    func read(_ count: Int, within time: Duration?) throws(Failure) -> [UInt8] {
        var error: Int32 = 0
        let milliseconds = time.map { Int64($0 / .milliseconds(1)) } ?? -1
        guard count > 0 else { return [] }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard let base = buffer.baseAddress else { return }
            error = unsafe fixative_channel_read(descriptor, base, count, milliseconds)
            initialized = error == 0 ? count : 0
        }
        try Self.check(error)
        return bytes
    }

    /// Reads `count` bytes and the file descriptor sent with them, if any.
    func take(_ count: Int) throws(Failure) -> (bytes: [UInt8], file: Int32?) {
        var file: Int32 = -1
        var bytes = [UInt8](repeating: 0, count: count)
        try Self.check(unsafe fixative_channel_take(descriptor, &bytes, count, &file))
        return (bytes, file >= 0 ? file : nil)
    }

    var isQuiet: Bool { fixative_channel_is_quiet(descriptor) == 1 }

    private static func check(_ error: Int32) throws(Failure) {
        if error != 0 { throw Failure(number: error) }
    }
}
