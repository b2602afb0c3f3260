import BlockingThreads
import Foundation
package import ImageCodecs
package import Imaging
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
    private let resources: WorkerResources
    private let threads: BlockingThreadPool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - width: The maximum number of pictures decoded at once.
    ///   - limits: The limits for each picture.
    package init(_ place: Place, width: Int, limits: ImageLimits = .default, policy: Policy = Policy()) {
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
        _ source: some DecoderInput, recipe: DerivativeRecipe = DerivativeRecipe()
    ) async throws -> InspectedPicture {
        try await examine(source, recipe: recipe).mapError(\.error).get()
    }

    /// Like ``inspect(_:recipe:)``, and also finds out what kind of file a rejected one is.
    ///
    /// - Throws: ``DecoderFailure`` if no decoder could decide.
    package func examine(
        _ source: some DecoderInput, recipe: DerivativeRecipe = DerivativeRecipe()
    ) async throws -> Result<InspectedPicture, RefusedPicture> {
        try await threads.run { [self] in
            let result = try place == .sandbox ? examineOutside(source, recipe) : examineHere(source, recipe)
            if case .failure(let refused) = result, refused.error.code == .outOfMemory {
                throw DecoderFailure(.memoryLimit, refused.error.detail)
            }
            return result
        }
    }

    private func examineHere(
        _ source: some DecoderInput, _ recipe: DerivativeRecipe
    ) -> Result<InspectedPicture, RefusedPicture> {
        source.withSpan { bytes in
            do throws(CodecError) {
                return .success(try PictureInspector.inspect(bytes, recipe: recipe, limits: limits))
            } catch {
                return .failure(RefusedPicture(error, RefusedFile(bytes, refusedFor: error)))
            }
        }
    }

    private func examineOutside(
        _ source: some DecoderInput, _ recipe: DerivativeRecipe
    ) throws -> Result<InspectedPicture, RefusedPicture> {
        let settings = [UInt8](try JSONEncoder().encode(JobSettings(recipe: recipe, limits: limits)))
        let check = AnswerCheck(recipe: recipe, limits: limits, byteCount: source.count)
        var worker = try acquire()
        let begun = ContinuousClock.now
        let result: Result<InspectedPicture, RefusedPicture>
        do {
            result = .success(
                try worker.process.inspect(source, settings: settings, within: policy.time(source.count)))
        } catch let refused as RefusedPicture {
            result = .failure(refused)
        } catch {
            state.withLock { $0.failures += 1 }
            throw error
        }
        do {
            switch result {
            case .success(let picture): try check.check(picture)
            case .failure(let refused): try check.check(refused)
            }
        } catch {
            state.withLock { $0.failures += 1 }
            throw error
        }
        worker.pictures += 1
        worker.work += ContinuousClock.now - begun
        giveBack(worker)
        return result
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
