import Archiver
import Dispatch
import Glibc

/// Runs `work`, and asks `archiver` to stop at SIGTERM or SIGINT: work on its way is finished or put back, and a later run goes on.
func stoppingAtSignals<Value: Sendable>(_ archiver: Archiver, _ work: @escaping @Sendable () async throws -> Value) async throws
    -> Value
{
    let signals = try StopSignals.stream()
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            for await _ in signals {
                Terminal.note("stopping: what is on its way is finished or put back")
                archiver.stop()
            }
            return nil
        }
        defer { group.cancelAll() }
        while let value = try await group.next() {
            if let value { return value }
        }
        throw CancellationError()
    }
}

/// SIGTERM and SIGINT as elements of a stream.
///
/// By a pipe that the signal's handler writes to: nothing that arrives once the handler stands is lost. Dispatch's signal sources,
/// which others build on, lose a signal that arrives while they are being registered (1 of some 300 that were sent to a program as it
/// began); it then runs on as if it had never been asked to stop.
enum StopSignals {
    /// Where the handler writes; a constant first, so that the handler meets no initialiser.
    nonisolated(unsafe) private static var pipe: Int32 = -1

    /// - Throws: ``SettingsError`` when the process can open no more files.
    static func stream() throws -> AsyncStream<Void> {
        var ends: [Int32] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else {
            throw SettingsError("the process can open no more files: \(unsafe String(cString: strerror(errno)))")
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        unsafe pipe = ends[1]
        let reading = ends[0]
        let source = DispatchSource.makeReadSource(fileDescriptor: reading)
        nonisolated(unsafe) let ended = source
        let stream = AsyncStream<Void> { continuation in
            source.setEventHandler {
                var byte: UInt8 = 0
                while unsafe read(reading, &byte, 1) == 1 { continuation.yield() }
            }
            continuation.onTermination = { _ in
                // Whatever comes after the work ends at once.
                for signal in [SIGTERM, SIGINT] { _ = Glibc.signal(signal, SIG_DFL) }
                unsafe ended.cancel()
            }
        }
        source.activate()
        for signal in [SIGTERM, SIGINT] {
            var action = sigaction()
            unsafe action.__sigaction_handler.sa_handler = { _ in
                let error = errno
                var byte: UInt8 = 1
                _ = unsafe write(StopSignals.pipe, &byte, 1)
                errno = error
            }
            action.sa_flags = SA_RESTART
            _ = unsafe sigaction(signal, &action, nil)
        }
        return stream
    }
}
