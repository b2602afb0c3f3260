internal import CSandbox
import Foundation
import Glibc
package import ImageCodecs
package import Imaging

/// The child process that decodes pictures. It enters its sandbox before the first picture arrives, and ends with its parent.
package enum DecodeWorker {
    /// The argument that makes the program a worker. It is internal and not listed in any help.
    package static let verb = "decode-worker"

    package typealias Inspect = (Span<UInt8>, DerivativeRecipe, ImageLimits) throws(CodecError) -> InspectedPicture

    /// If the arguments ask for a worker, serves as one and then exits the process; otherwise returns. Call this before anything
    /// else in `main`: the sandbox needs a process with a single thread.
    package static func serveIfAsked(
        _ inspect: Inspect = { (bytes, recipe, limits) throws(CodecError) in
            try PictureInspector.inspect(bytes, recipe: recipe, limits: limits)
        }
    ) {
        guard CommandLine.arguments.count == 2, CommandLine.arguments[1] == verb else { return }
        let channel = WorkerChannel(descriptor: Int32(FIXATIVE_WORKER_CHANNEL))
        do throws(WorkerChannel.Failure) {
            try shutIn(channel)
            try serve(channel, inspect)
        } catch {
            // Either the pool has closed the channel, or the verb was run by hand without one.
            _exit(error.isClosed ? 0 : usage)
        }
    }

    private static let usage: Int32 = 64

    // MARK: Sandbox setup

    private static func shutIn(_ channel: WorkerChannel) throws(WorkerChannel.Failure) {
        let begun = unsafe failure(fixative_sandbox_begin(channel.descriptor))
        let head = try channel.take(Frame.byteCount).bytes
        guard let frame = Frame(head), frame.kind == .limits else { _exit(usage) }
        if let begun { try refuse(begun, channel) }
        WarmUp.run()
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
        if threads != 1 { try refuse("it has \(threads) threads instead of one", channel) }
        let limits = fixative_sandbox_limits(
            memory: frame.numbers[0], address_space: frame.numbers[1], cpu_seconds: frame.numbers[2])
        if let reason = unsafe failure(fixative_sandbox_enter(limits)) { try refuse(reason, channel) }
        try channel.send(Frame(.ready).bytes)
    }

    private static func failure(_ outcome: fixative_sandbox_outcome) -> String? {
        unsafe outcome.step.map { unsafe "\(String(cString: $0)): \(SystemError.text(outcome.error))" }
    }

    private static func refuse(_ reason: String, _ channel: WorkerChannel) throws(WorkerChannel.Failure) {
        let words = Array(reason.utf8)
        try channel.send(Frame(.refused, UInt64(words.count)).bytes + words)
        _exit(1)
    }

    // MARK: Serving

    private static func serve(_ channel: WorkerChannel, _ inspect: Inspect) throws(WorkerChannel.Failure) -> Never {
        var known: (bytes: [UInt8], settings: JobSettings)?
        while true {
            let (head, file) = try channel.take(Frame.byteCount)
            guard let frame = Frame(head), frame.kind == .job, let file, let count = frame.length(0, upTo: .max),
                let settingsCount = frame.length(1, upTo: JobSettings.longest)
            else { _exit(usage) }
            let bytes = try channel.take(settingsCount).bytes
            if known?.bytes != bytes {
                known = (try? JSONDecoder().decode(JobSettings.self, from: Data(bytes))).map { (bytes, $0) }
            }
            guard let settings = known?.settings else { _exit(usage) }
            let answer = lending(file, count) { WorkerAnswer.about($0, settings, inspect) }
            fixative_close(file)
            try channel.send(answer.frame.bytes + answer.parts[0])
            for part in answer.parts.dropFirst() { try channel.send(part) }
        }
    }

    /// Maps the file into memory and passes its bytes to `body`.
    private static func lending(_ file: Int32, _ count: Int, _ body: (Span<UInt8>) -> WorkerAnswer) -> WorkerAnswer {
        guard count > 0 else {
            let none: [UInt8] = []
            return body(none.span)
        }
        var memory: UnsafeRawPointer?
        guard unsafe fixative_map(file, count, &memory) == 0, let memory = unsafe memory else {
            return WorkerAnswer(RefusedPicture(CodecError(.outOfMemory, nil, "the file could not be mapped"), .other))
        }
        defer { unsafe fixative_unmap(memory, count) }
        let bytes = unsafe UnsafeRawBufferPointer(start: memory, count: count).assumingMemoryBound(to: UInt8.self)
        return body(unsafe Span(_unsafeElements: bytes))
    }
}
