import Foundation
package import ImageCodecs
package import Imaging
import Synchronization
import WorkLanes

/// Inspects pictures, so many at once: in child processes that can do nothing else, or in this process.
///
/// A file that makes a decoder crash, hang or grow costs one worker and its own inspection, nothing else. Both ways give the same
/// result, byte for byte.
package final class DecoderPool: Sendable {
    /// Where pictures are decoded.
    package enum Place: String, Sendable, CaseIterable {
        case sandbox
        case inProcess = "in-process"
    }

    /// How workers are started and when they are replaced. The defaults serve; tests have others.
    package struct Policy: Sendable {
        /// The program whose verb ``DecodeWorker/verb`` makes a worker: this one, also when its file was replaced meanwhile.
        package var program = "/proc/self/exe"
        /// Bytes of memory that a worker may use for one picture; `nil` for what the limits of pictures need.
        package var memory: UInt64?
        /// What a file of so many bytes may take.
        package var time: @Sendable (Int) -> Duration = { .seconds(60 + ($0 >> 20)) }
        /// Pictures, and time at work, after which a worker is replaced.
        package var picturesPerWorker = 500
        package var workPerWorker: Duration = .seconds(300)
        /// Waits on the calling thread, before one more worker is started after several have failed.
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
        /// Workers that failed since one succeeded.
        var failures = 0
    }

    package let place: Place
    private let policy: Policy
    private let limits: ImageLimits
    private let resources: WorkerResources
    private let lane: WorkLane
    private let state = Mutex(State())

    /// - Parameters:
    ///   - width: Pictures that are decoded at once.
    ///   - limits: Of each picture.
    package init(_ place: Place, width: Int, limits: ImageLimits = .default, policy: Policy = Policy()) {
        self.place = place
        self.policy = policy
        self.limits = limits
        lane = WorkLane(name: "pictures", width: width)
        let memory = policy.memory ?? Self.memory(for: limits)
        let longest = policy.time(limits.maxBytes)
        resources = WorkerResources(
            memory: memory, addressSpace: memory + UInt64(clamping: limits.maxBytes) + 64 << 20,
            processorTime: UInt64(clamping: (policy.workPerWorker + longest + longest).components.seconds + 10))
    }

    /// Bytes of memory for a picture within the limits: what is held whole, metadata as stored, inflated and as text, and room for rows,
    /// derivatives and the answer.
    private static func memory(for limits: ImageLimits) -> UInt64 {
        let held = UInt64(clamping: limits.maxHeldBytes)
        let metadata = UInt64(clamping: limits.maxAncillaryBytes) + UInt64(clamping: limits.maxInflatedBytes)
        return min(held, 1 << 40) + 2 * min(metadata, 1 << 40) + 128 << 20
    }

    /// Starts a worker, so that a system that cannot have one is known before any picture is fetched.
    ///
    /// - Throws: ``DecoderFailure`` with code `unavailable`.
    package func start() async throws {
        guard place == .sandbox else { return }
        try await lane.run { [self] in giveBack(try acquire()) }
    }

    /// Ends the workers that have nothing to do, and each of the others after its picture. More pictures can't be inspected.
    package func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            return exchange(&state.idle, with: [])
        }
        withExtendedLifetime(idle) {}
    }

    /// Decodes a picture strictly and makes its derivatives, hashes and metadata, as ``PictureInspector`` does.
    ///
    /// - Throws: `CodecError` when the file is not wholly sound; ``DecoderFailure`` when no decoder could tell.
    package func inspect(
        _ source: some PictureSource, recipe: DerivativeRecipe = DerivativeRecipe()
    ) async throws -> InspectedPicture {
        try await lane.run { [self] in
            do {
                return try place == .sandbox ? inspectOutside(source, recipe) : inspectHere(source, recipe)
            } catch let error as CodecError where error.code == .outOfMemory {
                throw DecoderFailure(.memoryLimit, error.detail)
            }
        }
    }

    private func inspectHere(_ source: some PictureSource, _ recipe: DerivativeRecipe) throws -> InspectedPicture {
        try source.withSpan { try PictureInspector.inspect($0, recipe: recipe, limits: limits) }
    }

    private func inspectOutside(_ source: some PictureSource, _ recipe: DerivativeRecipe) throws -> InspectedPicture {
        let settings = [UInt8](try JSONEncoder().encode(JobSettings(recipe: recipe, limits: limits)))
        let check = AnswerCheck(recipe: recipe, limits: limits, byteCount: source.count)
        var worker = try acquire()
        let begun = ContinuousClock.now
        let result: Result<InspectedPicture, CodecError>
        do {
            result = .success(
                try worker.process.inspect(source, settings: settings, within: policy.time(source.count)))
        } catch let error as CodecError {
            result = .failure(error)
        } catch {
            state.withLock { $0.failures += 1 }
            throw error
        }
        do {
            switch result {
            case .success(let picture): try check.check(picture)
            case .failure(let error): try check.check(error)
            }
        } catch {
            state.withLock { $0.failures += 1 }
            throw error
        }
        worker.pictures += 1
        worker.work += ContinuousClock.now - begun
        giveBack(worker)
        return try result.get()
    }

    // MARK: Workers

    /// A worker that waits, or a new one.
    private func acquire() throws -> Worker {
        while let idle = state.withLock({ $0.idle.popLast() }) {
            if idle.process.isReady { return idle }
        }
        let failures = state.withLock { $0.failures }
        // The first failure may be the picture's, so that its successor need not wait.
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
