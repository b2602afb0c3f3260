import ArchiveModel
import BlockingThreads
package import Foundation
package import ImageCodecs
package import Imaging
package import Provenance
import Synchronization

/// Inspects a limited number of pictures at once, either in sandboxed child processes or in this process.
///
/// If a file makes a decoder crash, hang or use too much memory, only that worker and that inspection are lost. Both places give
/// the same result, byte for byte.
package final class DecoderPool: Sendable {
    /// Where pictures are decoded.
    package enum Place: String, Sendable, CaseIterable {
        case sandbox
        case inProcess = "in-process"
    }

    /// How workers are started, and when they are replaced. Tests override the defaults.
    package struct Policy: Sendable {
        /// The program that becomes a worker when run with ``DecodeWorker/verb``. The default is this program, even if its file
        /// was replaced since it started.
        package var program = "/proc/self/exe"
        /// The memory limit in bytes for one picture; `nil` derives it from the limits for pictures.
        package var memory: UInt64?
        /// The timeout for a file, by its size in bytes.
        package var time: @Sendable (Int) -> Duration = { .seconds(60 + ($0 >> 20)) }
        /// A worker is replaced after this many pictures, or after this much working time.
        package var picturesPerWorker = 500
        package var workPerWorker: Duration = .seconds(300)
        /// Blocks the calling thread before another worker is started after several failures.
        package var pause: @Sendable (Duration) -> Void = { Thread.sleep(forTimeInterval: $0 / .seconds(1)) }

        package init() {}
    }

    private struct Worker {
        var process: WorkerProcess
        var pictures = 0
        var work: Duration = .zero
    }

    private struct State {
        var idle: [Worker] = []
        var isClosed = false
        /// The number of failed workers since the last success.
        var failures = 0
    }

    package let place: Place
    private let policy: Policy
    private let limits: ImageLimits
    private let trust: TrustSettings
    private let resources: WorkerResources
    private let threads: BlockingThreadPool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - width: The maximum number of pictures decoded at once.
    ///   - limits: The limits for each picture.
    ///   - trust: The trust lists for the check of Content Credentials. They must be readable.
    package init(
        _ place: Place, width: Int, limits: ImageLimits = .default, policy: Policy = Policy(), trust: TrustSettings = .official
    ) {
        self.trust = trust
        self.place = place
        self.policy = policy
        self.limits = limits
        threads = BlockingThreadPool(name: "pictures", width: width)
        let memory = policy.memory ?? Self.memory(for: limits)
        let longest = policy.time(limits.maxBytes)
        resources = WorkerResources(
            memory: memory, addressSpace: memory + UInt64(clamping: limits.maxBytes) + 64 << 20,
            processorTime: UInt64(clamping: (policy.workPerWorker + longest + longest).components.seconds + 10))
    }

    /// The memory in bytes for a picture within the limits. It covers the data held whole, metadata in stored, inflated and text
    /// form, and room for rows, derivatives and the answer.
    private static func memory(for limits: ImageLimits) -> UInt64 {
        let held = UInt64(clamping: limits.maxHeldBytes)
        let metadata = UInt64(clamping: limits.maxAncillaryBytes) + UInt64(clamping: limits.maxInflatedBytes)
        return min(held, 1 << 40) + 2 * min(metadata, 1 << 40) + 128 << 20
    }

    /// Starts one worker, so that a system without sandbox support is detected before any picture is downloaded.
    ///
    /// - Throws: ``DecoderFailure`` with code `unavailable`.
    package func start() async throws {
        guard place == .sandbox else { return }
        try await threads.run { [self] in giveBack(try acquire()) }
    }

    /// Ends the idle workers at once, and the busy ones after their current picture. The pool accepts no more pictures.
    package func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            return exchange(&state.idle, with: [])
        }
        withExtendedLifetime(idle) {}
    }

    /// Decodes a picture strictly and makes its derivatives, hashes and metadata, as ``PictureInspector`` does.
    ///
    /// - Throws: `CodecError` if the file is not completely valid; ``DecoderFailure`` if no decoder could decide.
    package func inspect(
        _ source: some DecoderInput, recipe: DerivativeRecipe = DerivativeRecipe(), declared: DigitalSourceType? = nil
    ) async throws -> InspectedPicture {
        try await examine(source, recipe: recipe, declared: declared).map(\.picture).mapError(\.error).get()
    }

    /// Like ``inspect(_:recipe:declared:)``, and also checks the Content Credentials, and finds out what kind of file a rejected one
    /// is.
    ///
    /// - Parameters:
    ///   - declared: The source type to declare in derivatives if the file's metadata declares none; `nil` for that of a valid
    ///     manifest.
    ///   - checkedAt: The time for the check of the Content Credentials; `nil` for no check.
    /// - Throws: ``DecoderFailure`` if no decoder could decide.
    package func examine(
        _ source: some DecoderInput, recipe: DerivativeRecipe = DerivativeRecipe(), declared: DigitalSourceType? = nil,
        checkedAt: Date? = nil
    ) async throws -> Result<ExaminedPicture, RefusedPicture> {
        let settings = JobSettings(recipe: recipe, limits: limits, trust: trust, declared: declared)
        let checkedAt = checkedAt.map { Date(milliseconds: $0.milliseconds) }
        return try await threads.run { [self] in
            let result =
                try place == .sandbox
                ? examineOutside(source, settings, checkedAt) : examineHere(source, settings, checkedAt)
            if case .failure(let refused) = result, refused.error.code == .outOfMemory {
                throw DecoderFailure(.memoryLimit, refused.error.detail)
            }
            return result
        }
    }

    /// Checks only the Content Credentials of a file, and returns what proves the verdict.
    ///
    /// - Throws: ``DecoderFailure`` if no decoder could decide.
    package func evidence(_ source: some DecoderInput, checkedAt: Date) async throws -> CredentialEvidence {
        let settings = JobSettings(recipe: DerivativeRecipe(), limits: limits, trust: trust)
        let checkedAt = Date(milliseconds: checkedAt.milliseconds)
        return try await threads.run { [self] in
            guard place == .sandbox else {
                let check = try CredentialCheck.with(trust)
                return source.withSpan { check.evidence(of: $0, now: checkedAt) }
            }
            let check = AnswerCheck(recipe: settings.recipe, limits: limits, byteCount: source.count)
            return try withWorker { worker in
                let bytes = [UInt8](try JSONEncoder().encode(settings))
                let evidence = try worker.evidence(
                    source, settings: bytes, checkedAt: checkedAt, within: policy.time(source.count))
                try check.check(evidence.facts, at: checkedAt)
                return evidence
            }
        }
    }

    private func examineHere(
        _ source: some DecoderInput, _ settings: JobSettings, _ checkedAt: Date?
    ) throws -> Result<ExaminedPicture, RefusedPicture> {
        let job = PictureJob(settings, try CredentialCheck.with(trust), checkedAt: checkedAt)
        return source.withSpan { job.examine($0, DecodeWorker.inspectPicture) }
    }

    private func examineOutside(
        _ source: some DecoderInput, _ settings: JobSettings, _ checkedAt: Date?
    ) throws -> Result<ExaminedPicture, RefusedPicture> {
        let bytes = [UInt8](try JSONEncoder().encode(settings))
        let check = AnswerCheck(recipe: settings.recipe, limits: limits, byteCount: source.count)
        return try withWorker { worker in
            do {
                let examined = try worker.examine(
                    source, settings: bytes, checkedAt: checkedAt, within: policy.time(source.count))
                try check.check(examined, at: checkedAt)
                return .success(examined)
            } catch let refused as RefusedPicture {
                try check.check(refused)
                return .failure(refused)
            }
        }
    }

    /// Passes a worker to `body`. A worker whose answer was an error or invalid is not used again.
    private func withWorker<Answer>(_ body: (WorkerProcess) throws -> Answer) throws -> Answer {
        var worker = try acquire()
        let begun = ContinuousClock.now
        let answer: Answer
        do {
            answer = try body(worker.process)
        } catch {
            state.withLock { $0.failures += 1 }
            throw error
        }
        worker.pictures += 1
        worker.work += ContinuousClock.now - begun
        giveBack(worker)
        return answer
    }

    // MARK: Workers

    /// Returns an idle worker, or starts a new one.
    private func acquire() throws -> Worker {
        while let idle = state.withLock({ $0.idle.popLast() }) {
            if idle.process.isReady { return idle }
        }
        let failures = state.withLock { $0.failures }
        // The first failure may have been caused by the picture, so the next start is not delayed.
        if failures > 1 { policy.pause(.milliseconds(100) * (1 << min(failures - 2, 6))) }
        do {
            return Worker(process: try WorkerProcess(program: policy.program, resources: resources))
        } catch {
            state.withLock { $0.failures += 1 }
            throw error
        }
    }

    private func giveBack(_ worker: Worker) {
        state.withLock { state in
            state.failures = 0
            guard !state.isClosed, worker.pictures < policy.picturesPerWorker, worker.work < policy.workPerWorker else { return }
            state.idle.append(worker)
        }
    }
}
