import ArchiveModel
import Archiver
import AsyncHTTPClient
import BlobStore
import BlockingThreads
import Catalog
import Foundation
import GenerationAPI
import ImageCodecs
import Networking
import Secrets
import Synchronization
import SyntheticPictures
import Telemetry
import Testing
import Upkeep
import UpstreamSimulator

/// Draws for the simulator.
struct Drawn: PictureSource {
    func picture(width: Int, height: Int, format: String, seed: UInt64) async throws -> [UInt8] {
        try SyntheticPicture.make(width: width, height: height, seed: seed, as: ImageFormat(rawValue: format) ?? .png)
    }
}

/// An archive in a temporary folder, with everything that has been reported.
final class TestArchive: Sendable {
    let path: String
    let folder: ArchiveFolder
    let blobs: DirectoryBlobStore
    let records: DirectoryRecordStore
    let catalog: SQLiteCatalog
    let clock: JumpClock
    private let reports = Mutex<[ArchiveEvent]>([])
    /// Hears of each event as it happens.
    let listener = Mutex<(@Sendable (ArchiveEvent) -> Void)?>(nil)

    static let key = "sk-secret-0123456789"

    /// - Parameter path: An archive that is there; `nil` for a new one.
    init(path: String? = nil, clock: JumpClock = JumpClock()) throws {
        self.path = path ?? FileManager.default.temporaryDirectory.appending(path: "archive-\(UUID().uuidString)").path
        folder = try ArchiveFolder(path: self.path, creating: path == nil, now: clock.now)
        let threads = BlockingThreadPool(name: "test", width: 4)
        blobs = DirectoryBlobStore(folder: folder, threads: threads)
        records = DirectoryRecordStore(folder: folder, threads: threads)
        catalog = try SQLiteCatalog(path: folder.path + "/catalog.sqlite")
        self.clock = clock
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var events: [ArchiveEvent] { reports.withLock { $0 } }

    /// Archives what is in the queue, and what `options` let it find.
    @discardableResult
    func run(
        _ url: String, key: String = TestArchive.key, tasks: [TaskRegistration] = [], policy: AddressPolicy? = nil,
        limits: DownloadLimits = DownloadLimits(), metrics: ArchiveMetrics = .none, loop: (any WallClock)? = nil,
        _ change: (inout ArchiverOptions) -> Void = { _ in },
        resolve: @escaping @Sendable (String) throws -> [NetworkAddress] = { try NetworkAddress.resolve($0) }
    ) async throws -> ArchiveSummary {
        let (archiver, downloader) = try archiver(
            url, key: key, policy: policy, limits: limits, metrics: metrics, loop: loop, change, resolve: resolve)
        try await archiver.register(tasks)
        let summary: ArchiveSummary
        do {
            summary = try await archiver.run()
        } catch {
            await downloader.shutdown()
            throw error
        }
        await downloader.shutdown()
        return summary
    }

    /// - Parameter loop: The clock of the archiver itself; `nil` for the one of the archive.
    func archiver(
        _ url: String, key: String = TestArchive.key, policy: AddressPolicy? = nil, limits: DownloadLimits = DownloadLimits(),
        metrics: ArchiveMetrics = .none, vault: KeyVault? = nil, loop: (any WallClock)? = nil,
        _ change: (inout ArchiverOptions) -> Void = { _ in }, hidden: @escaping @Sendable () -> [String] = { [] },
        resolve: @escaping @Sendable (String) throws -> [NetworkAddress] = { try NetworkAddress.resolve($0) }
    ) throws -> (Archiver, ResultDownloader) {
        let host = try #require(URL(string: url).flatMap { url in url.host.flatMap { host in url.port.map { "\(host):\($0)" } } })
        let client = GenerationClient(
            baseURL: url, key: try #require(APIKey(key)), http: .shared, clock: clock, retry: RetryPolicy(base: 0.5, ceiling: 4),
            timeout: clock.callLimit,
            monitor: UpstreamMonitor { [self] change in
                let event: ArchiveEvent =
                    switch change {
                    case .found(let problem): .problemFound(problem)
                    case .cleared(let name): .problemCleared(name)
                    }
                reports.withLock { $0.append(event) }
            }, hidden: hidden)
        let downloader = ResultDownloader(
            store: blobs, policy: policy ?? AddressPolicy(exceptions: [host]), limits: limits, clock: clock, resolve: resolve)
        var options = ArchiverOptions()
        options.pollInterval = 1800
        change(&options)
        let archiver = Archiver(
            options: options, blobs: blobs, records: records, catalog: catalog, client: client, vault: vault,
            downloader: downloader, clock: loop ?? clock.loop, metrics: metrics
        ) { [self] event in
            switch event {
            case .postponed, .archived, .unavailable, .taskEnded, .resolved: clock.allowJump()
            default: break
            }
            reports.withLock { $0.append(event) }
            listener.withLock { $0 }?(event)
        }
        return (archiver, downloader)
    }

    func verify(deep: Bool = true) async throws -> VerificationReport {
        try await ArchiveVerifier(blobs: blobs, records: records, catalog: catalog).verify(deep: deep)
    }

    /// The paths of all files of the archive, inside it.
    func files() -> [String] {
        (FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []).filter { name in
            let kind = try? FileManager.default.attributesOfItem(atPath: path + "/" + name)[.type] as? FileAttributeType
            return kind == .typeRegular
        }.sorted()
    }

    /// The files that hold `text`, of any kind.
    func files(holding text: String) -> [String] {
        files().filter { FileManager.default.contents(atPath: path + "/" + $0)?.range(of: Data(text.utf8)) != nil }
    }
}

/// Runs `body` against a simulator on loopback.
func withSimulator<Value: Sendable>(
    _ faults: FaultProfile, seed: UInt64 = 3, tasks: Int, completionsPerMinute: Double = 0, clock: JumpClock,
    _ body: @escaping @Sendable (_ simulator: UpstreamSimulator, _ url: String, _ tasks: [SimulatedTask]) async throws -> Value
) async throws -> Value {
    var options = SimulatorOptions()
    options.faults = faults
    options.seed = seed
    options.clock = clock
    options.completionsPerMinute = completionsPerMinute
    let simulator = try UpstreamSimulator(options: options, pictures: Drawn())
    let populated = try await simulator.populate(tasks: tasks)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await simulator.run() }
        let value = try await body(simulator, try await simulator.baseURL(), populated)
        group.cancelAll()
        return value
    }
}

extension SimulatedTask {
    /// As a manifest names it.
    var registration: TaskRegistration { TaskRegistration(id: id, source: "manifest", request: request.recorded) }
}
