internal import CSandbox
import Foundation
import ImageCodecs
import Imaging
import Synchronization

/// What a worker may use.
struct WorkerResources: Sendable {
    /// Bytes of memory, beyond what a worker uses before its first picture.
    var memory: UInt64
    /// Bytes of address space: memory, and the largest file that is mapped.
    var addressSpace: UInt64
    /// Seconds of processor time in its life.
    var processorTime: UInt64
}

/// A worker as the pool sees it: a process, and the channel to it. Nothing that comes from it is trusted.
final class WorkerProcess: Sendable {
    /// What a worker may take to start on a busy machine, and to hand over an answer that it has announced.
    private static let startTime: Duration = .seconds(60)
    private static let handoverTime: Duration = .seconds(30)
    /// Milliseconds that a worker whose channel is closed gets to be gone by itself, so that the reason of its end is known.
    private static let deathTime: Int64 = 2000

    private let process: Int32
    private let channel: Channel
    private let resources: WorkerResources
    /// The peak memory of this process when the worker started, in bytes. The kernel counts it as the worker's own, since the worker is
    /// a copy of this process until it runs its program (`exec_mmap` keeps the maximum).
    private let inheritedPeak: Int
    private let hasEnded = Mutex(false)

    /// Starts a worker, and returns when it is shut in. It ends with the calling thread at the latest.
    ///
    /// - Throws: ``DecoderFailure`` with code `unavailable`.
    init(program: String, resources: WorkerResources) throws(DecoderFailure) {
        inheritedPeak = Self.ownPeak
        var (near, far, process): (Int32, Int32, Int32) = (-1, -1, 0)
        try Self.check(unsafe fixative_channel_pair(&near, &far), "its channel")
        let error = unsafe fixative_worker_start(program, DecodeWorker.verb, far, &process)
        fixative_close(far)
        if error != 0 {
            fixative_close(near)
            try Self.check(error, program)
        }
        self.process = process
        self.resources = resources
        channel = Channel(descriptor: near)
        try awaitReadiness()
    }

    private static var ownPeak: Int {
        var usage = rusage()
        return unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 ? usage.ru_maxrss << 10 : 0
    }

    deinit {
        _ = end(patience: 0)
        fixative_close(channel.descriptor)
    }

    private static func check(_ error: Int32, _ subject: String) throws(DecoderFailure) {
        if error != 0 { throw DecoderFailure(.unavailable, "\(subject): \(SystemError.text(error))") }
    }

    private func awaitReadiness() throws(DecoderFailure) {
        do throws(Channel.Failure) {
            let limits = Frame(.limits, resources.memory, resources.addressSpace, resources.processorTime)
            try channel.send(limits.bytes)
            let frame = Frame(try channel.read(Frame.byteCount, within: Self.startTime))
            if frame?.kind == .ready { return }
            let length = frame?.kind == .refused ? frame?.length(0, upTo: Answer.longestError) : nil
            let reason = try length.map { (length) throws(Channel.Failure) in
                String(decoding: try channel.read(length, within: Self.handoverTime), as: UTF8.self)
            }
            throw Channel.Failure(reason: reason ?? "it does not answer as a worker does")
        } catch {
            let reason = error.reason ?? (error.isClosed ? death().detail : SystemError.text(error.number))
            throw DecoderFailure(.unavailable, reason)
        }
    }

    /// Whether it is there and waits for work.
    var isReady: Bool { channel.isQuiet }

    // MARK: Work

    /// Has one picture inspected. After any failure but a ``CodecError`` the worker is of no more use.
    ///
    /// - Parameter settings: ``JobSettings`` as JSON.
    func inspect(_ source: some PictureSource, settings: [UInt8], within time: Duration) throws -> (InspectedPicture) {
        do {
            let head = Frame(.job, UInt64(source.count), UInt64(settings.count)).bytes
            try source.withGivenDescriptor { try channel.send(head + settings, file: $0) }
            return try receive(within: time)
        } catch let failure as Channel.Failure {
            if failure.isTimeout {
                _ = end(patience: 0)
                throw DecoderFailure(.timeLimit, "\(time.components.seconds) s")
            }
            throw failure.isClosed ? death() : DecoderFailure(.crashed, SystemError.text(failure.number))
        }
    }

    private func receive(within time: Duration) throws -> InspectedPicture {
        guard let frame = Frame(try channel.read(Frame.byteCount, within: time)) else { throw Self.invalid("its head") }
        switch frame.kind {
        case .codecError:
            let error = try facts(CodecError.self, frame.length(0, upTo: Answer.longestError))
            throw error
        case .picture:
            guard let factsCount = frame.length(0, upTo: Answer.longestFacts),
                let thumbnailCount = frame.length(1, upTo: Answer.longestDerivative),
                let previewCount = frame.length(2, upTo: Answer.longestDerivative)
            else { throw Self.invalid("its length") }
            var picture = try facts(InspectedPicture.self, factsCount)
            picture.thumbnail.bytes = try channel.read(thumbnailCount, within: Self.handoverTime)
            picture.preview.bytes = try channel.read(previewCount, within: Self.handoverTime)
            return picture
        case .limits, .job, .ready, .refused: throw Self.invalid("its kind")
        }
    }

    private func facts<Value: Decodable>(_ type: Value.Type, _ count: Int?) throws -> Value {
        guard let count else { throw Self.invalid("its length") }
        let bytes = Data(try channel.read(count, within: Self.handoverTime))
        guard let value = try? JSONDecoder().decode(type, from: bytes) else { throw Self.invalid("its facts") }
        return value
    }

    private static func invalid(_ part: String) -> DecoderFailure { DecoderFailure(.badAnswer, part) }

    // MARK: The end

    /// Why a worker that has closed its channel is gone.
    private func death() -> DecoderFailure {
        guard let end = end(patience: Self.deathTime) else { return DecoderFailure(.crashed, "it had ended before") }
        let isPeakKnown = Int(end.peak_memory) > inheritedPeak
        let peak = isPeakKnown ? "\(end.peak_memory >> 20) MiB at the peak" : "its peak of memory is not known"
        switch end.signal {
        case 0 where end.code < 0: return DecoderFailure(.crashed, "")
        case 0: return DecoderFailure(.crashed, "it exited with code \(end.code), \(peak)")
        case Self.badSystemCall: return DecoderFailure(.forbiddenCall, peak)
        case Self.processorTime: return DecoderFailure(.timeLimit, "\(resources.processorTime) s of processor time")
        default:
            // What finds no memory mostly ends by a trap, and nothing says why.
            let isFull = isPeakKnown && end.peak_memory > resources.memory / 4 * 3
            return DecoderFailure(isFull ? .memoryLimit : .crashed, "\(SystemError.signal(end.signal)), \(peak)")
        }
    }

    private static let badSystemCall: Int32 = 31
    private static let processorTime: Int32 = 24

    /// Ends the process and waits until it is gone; `nil` when it was gone before.
    private func end(patience: Int64) -> fixative_worker_end? {
        hasEnded.withLock { hasEnded in
            if hasEnded { return nil }
            hasEnded = true
            return fixative_worker_reap(process, patience)
        }
    }
}
