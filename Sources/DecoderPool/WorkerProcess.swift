import ArchiveModel
internal import CSandbox
import Foundation
import ImageCodecs
import Imaging
import Provenance
import Synchronization

/// The resource limits of a worker.
struct WorkerResources: Sendable {
    /// Bytes of memory, in addition to the usage before the first picture.
    var memory: UInt64
    /// Bytes of address space: the memory plus the largest mapped file.
    var addressSpace: UInt64
    /// Seconds of CPU time in the worker's whole life.
    var processorTime: UInt64
}

/// A worker from the pool's point of view: a process and the channel to it. Nothing that it sends is trusted.
final class WorkerProcess: Sendable {
    /// Timeouts for starting a worker on a busy machine, and for reading the rest of an answer after its frame.
    private static let startTime: Duration = .seconds(60)
    private static let handoverTime: Duration = .seconds(30)
    /// Milliseconds between closing a worker's channel and killing the worker. A worker that exits in this time reports its exit
    /// reason.
    private static let deathTime: Int64 = 2000

    private let process: Int32
    private let channel: WorkerChannel
    private let resources: WorkerResources
    /// The peak memory of this process just after the worker started, in bytes. The kernel counts it as the worker's own, since the worker is
    /// a copy of this process until it runs its program (`exec_mmap` keeps the maximum).
    private let inheritedPeak: Int
    private let hasEnded = Mutex(false)

    /// Starts a worker and returns when its sandbox is active. The worker ends at the latest when the calling thread ends.
    ///
    /// - Throws: ``DecoderFailure`` with code `unavailable`.
    init(program: String, resources: WorkerResources) throws(DecoderFailure) {
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
        // Read after the start, since this process may grow until then.
        inheritedPeak = Self.ownPeak
        channel = WorkerChannel(descriptor: near)
        try awaitReadiness()
    }

    private static var ownPeak: Int {
        var usage = rusage()
        return unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 ? usage.ru_maxrss << 10 : 0
    }

    deinit {
        _ = end(waiting: 0)
        fixative_close(channel.descriptor)
    }

    private static func check(_ error: Int32, _ subject: String) throws(DecoderFailure) {
        if error != 0 { throw DecoderFailure(.unavailable, "\(subject): \(SystemError.text(error))") }
    }

    private func awaitReadiness() throws(DecoderFailure) {
        do throws(WorkerChannel.Failure) {
            let limits = Frame(.limits, resources.memory, resources.addressSpace, resources.processorTime)
            try channel.send(limits.bytes)
            let frame = Frame(try channel.read(Frame.byteCount, within: Self.startTime))
            if frame?.kind == .ready { return }
            let length = frame?.kind == .refused ? frame?.length(0, upTo: WorkerAnswer.longestError) : nil
            let reason = try length.map { (length) throws(WorkerChannel.Failure) in
                String(decoding: try channel.read(length, within: Self.handoverTime), as: UTF8.self)
            }
            throw WorkerChannel.Failure(reason: reason ?? "it does not answer like a decoder")
        } catch {
            let reason = error.reason ?? (error.isClosed ? death().detail : SystemError.text(error.number))
            throw DecoderFailure(.unavailable, reason)
        }
    }

    /// Whether the worker is alive and idle.
    var isReady: Bool { channel.isQuiet }

    // MARK: Inspection

    /// Sends one picture to the worker and reads the answer. After any error other than ``RefusedPicture``, the worker cannot be
    /// used again.
    ///
    /// - Parameter settings: ``JobSettings`` as JSON.
    func examine(
        _ source: some DecoderInput, settings: [UInt8], checkedAt: Date?, within time: Duration
    ) throws -> ExaminedPicture {
        try ask(.job, source, settings, checkedAt, within: time) { try receivePicture($0) }
    }

    /// Has the Content Credentials of one file checked.
    func evidence(
        _ source: some DecoderInput, settings: [UInt8], checkedAt: Date, within time: Duration
    ) throws -> CredentialEvidence {
        try ask(.check, source, settings, checkedAt, within: time) { frame in
            guard frame.kind == .evidence else { throw Self.invalid("its kind") }
            return try facts(CredentialEvidence.self, frame.length(0, upTo: WorkerAnswer.longestFacts))
        }
    }

    /// Sends one job, and passes the head of the answer to `receive`.
    private func ask<Answer>(
        _ kind: Frame.Kind, _ source: some DecoderInput, _ settings: [UInt8], _ checkedAt: Date?, within time: Duration,
        _ receive: (Frame) throws -> Answer
    ) throws -> Answer {
        do {
            let moment = UInt64(clamping: checkedAt?.milliseconds ?? 0)
            let head = Frame(kind, UInt64(source.count), UInt64(settings.count), moment).bytes
            try source.withGivenDescriptor { try channel.send(head + settings, file: $0) }
            guard let frame = Frame(try channel.read(Frame.byteCount, within: time)) else { throw Self.invalid("its header") }
            return try receive(frame)
        } catch let failure as WorkerChannel.Failure {
            if failure.isTimeout {
                _ = end(waiting: 0)
                throw DecoderFailure(.timeLimit, "\(time.components.seconds) s")
            }
            throw failure.isClosed ? death() : DecoderFailure(.crashed, SystemError.text(failure.number))
        }
    }

    private func receivePicture(_ frame: Frame) throws -> ExaminedPicture {
        switch frame.kind {
        case .notDecoded:
            let refused = try facts(RefusedPicture.self, frame.length(0, upTo: WorkerAnswer.longestError))
            throw refused
        case .picture:
            guard let factsCount = frame.length(0, upTo: WorkerAnswer.longestFacts),
                let thumbnailCount = frame.length(1, upTo: WorkerAnswer.longestDerivative),
                let previewCount = frame.length(2, upTo: WorkerAnswer.longestDerivative)
            else { throw Self.invalid("its length") }
            var examined = try facts(ExaminedPicture.self, factsCount)
            examined.picture.thumbnail.bytes = try channel.read(thumbnailCount, within: Self.handoverTime)
            examined.picture.preview.bytes = try channel.read(previewCount, within: Self.handoverTime)
            return examined
        case .limits, .job, .check, .ready, .refused, .evidence: throw Self.invalid("its kind")
        }
    }

    private func facts<Value: Decodable>(_ type: Value.Type, _ count: Int?) throws -> Value {
        guard let count else { throw Self.invalid("its length") }
        let bytes = Data(try channel.read(count, within: Self.handoverTime))
        guard let value = try? JSONDecoder().decode(type, from: bytes) else { throw Self.invalid("its facts") }
        return value
    }

    private static func invalid(_ part: String) -> DecoderFailure { DecoderFailure(.badAnswer, part) }

    // MARK: Ending

    /// Finds out why a worker that has closed its channel ended.
    private func death() -> DecoderFailure {
        guard let end = end(waiting: Self.deathTime) else { return DecoderFailure(.crashed, "it had already ended") }
        let isPeakKnown = Int(end.peak_memory) > inheritedPeak
        let peak = isPeakKnown ? "peak memory \(end.peak_memory >> 20) MiB" : "peak memory unknown"
        switch end.signal {
        case 0 where end.code < 0: return DecoderFailure(.crashed, "")
        case 0: return DecoderFailure(.crashed, "it exited with code \(end.code), \(peak)")
        case Self.badSystemCall: return DecoderFailure(.forbiddenCall, peak)
        case Self.processorTime: return DecoderFailure(.timeLimit, "\(resources.processorTime) s of processor time")
        default:
            // A decoder out of memory usually ends with a trap that gives no reason, so the peak memory decides.
            // Where the peak may be inherited, a segmentation fault is taken for what it is.
            let isFull = end.peak_memory > resources.memory / 4 * 3 && (isPeakKnown || end.signal != Self.segmentationFault)
            return DecoderFailure(isFull ? .memoryLimit : .crashed, "\(SystemError.signal(end.signal)), \(peak)")
        }
    }

    private static let segmentationFault: Int32 = 11
    private static let badSystemCall: Int32 = 31
    private static let processorTime: Int32 = 24

    /// Kills the process if needed and waits until it is gone; `nil` if it was already reaped. `timeout` is in milliseconds.
    private func end(waiting timeout: Int64) -> fixative_worker_end? {
        hasEnded.withLock { hasEnded in
            if hasEnded { return nil }
            hasEnded = true
            return fixative_worker_reap(process, timeout)
        }
    }
}
