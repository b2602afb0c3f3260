import ArchiveModel
internal import CSandbox
import Foundation
import Glibc
package import ImageCodecs
package import Imaging
import Provenance

/// The child process that decodes pictures. It enters its sandbox before the first picture arrives, and ends with its parent.
package enum DecodeWorker {
    /// The argument that makes the program a worker. It is internal and not listed in any help.
    package static let verb = "decode-worker"

    package typealias Inspect = (Span<UInt8>, DerivativeRecipe, ImageLimits, DigitalSourceType?) throws(CodecError) ->
        InspectedPicture

    package static func inspectPicture(
        _ bytes: Span<UInt8>, _ recipe: DerivativeRecipe, _ limits: ImageLimits, _ declared: DigitalSourceType?
    ) throws(CodecError) -> InspectedPicture {
        try PictureInspector.inspect(bytes, recipe: recipe, limits: limits, declared: declared)
    }

    /// If the arguments ask for a worker, serves as one and then exits the process; otherwise returns. Call this before anything
    /// else in `main`: the sandbox needs a process with a single thread.
    package static func serveIfAsked(_ inspect: Inspect = inspectPicture) {
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
        var known: KnownSettings?
        while true {
            let (head, file) = try channel.take(Frame.byteCount)
            guard let frame = Frame(head), [.job, .check].contains(frame.kind), let file,
                let count = frame.length(0, upTo: .max), let settingsCount = frame.length(1, upTo: JobSettings.longest)
            else { _exit(usage) }
            let bytes = try channel.take(settingsCount).bytes
            if known?.bytes != bytes { known = KnownSettings(bytes) }
            guard let known else { _exit(usage) }
            let answer = lending(file, count) { Self.answer(about: $0, frame, known, inspect) }
            fixative_close(file)
            try channel.send(answer.frame.bytes + answer.parts[0])
            for part in answer.parts.dropFirst() { try channel.send(part) }
        }
    }

    private static func answer(
        about bytes: Span<UInt8>, _ frame: Frame, _ known: KnownSettings, _ inspect: Inspect
    ) -> WorkerAnswer {
        let now = frame.numbers[2] == 0 ? nil : Date(milliseconds: Int64(clamping: frame.numbers[2]))
        if frame.kind == .check { return WorkerAnswer(known.check.evidence(of: bytes, now: now ?? Date(milliseconds: 0))) }
        return WorkerAnswer.about(bytes, PictureJob(known.settings, known.check, checkedAt: now), inspect)
    }

    /// The settings of the last job, decoded.
    private struct KnownSettings {
        let bytes: [UInt8]
        let settings: JobSettings
        let check: CredentialCheck

        init?(_ bytes: [UInt8]) {
            guard let settings = try? JSONDecoder().decode(JobSettings.self, from: Data(bytes)),
                let check = settings.trust.isOfficial ? .official : try? CredentialCheck(settings.trust)
            else { return nil }
            (self.bytes, self.settings, self.check) = (bytes, settings, check)
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
