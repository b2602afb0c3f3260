import ArchiveModel
import Archiver
import Catalog
import Foundation
import GenerationAPI
import Hummingbird
import ImageCodecs
import NIOCore
import Networking
import SizeContract
import Synchronization
import SyntheticPictures
import Testing
import Upkeep

/// Every way in which a picture can be out of reach for a while, for every length of time within its window, and for good.
///
/// The rule under test: while a link lives, nothing is final; afterwards a loss is final with the cause that it had inside the window.
@Suite(.serialized) struct OutageTests {
    enum Kind: String, CaseIterable, Sendable {
        case status404, status403, status410, status500, status503, retryAfter, page, json, empty, cut, cutUnnoticed, spliced
        case tls, dns, refusedAddress, redirectLoop, resultsMissing, taskUnknown

        /// Who is to blame when it never ends.
        var cause: FailureCause {
            switch self {
            case .tls, .dns, .refusedAddress: .ours
            case .taskUnknown: .unknown
            default: .vendor
            }
        }

        /// Whether something was delivered, which is then kept as what came.
        var isDelivered: Bool { [.page, .json, .empty, .cutUnnoticed, .spliced].contains(self) }
    }

    struct Cell: Sendable {
        var kind: Kind
        /// Seconds; `nil` for an outage that never ends.
        var length: TimeInterval?
        var task: TaskID
    }

    private static let lengths: [TimeInterval?] = [5, 120, 3600, 12 * 3600, 23 * 3600 + 50 * 60, nil]
    /// `FIXATIVE_OUTAGES=all` tries every kind with every length.
    private static let isWhole = ProcessInfo.processInfo.environment["FIXATIVE_OUTAGES"] == "all"
    private static let picture = (try? SyntheticPicture.make(width: 96, height: 64, seed: 1, as: .png)) ?? []
    private static let other = (try? SyntheticPicture.make(width: 96, height: 64, seed: 2, as: .png)) ?? []

    /// The upstream and its storage host.
    private final class World: Sendable {
        let clock: JumpClock
        let start: Date
        let cells: [String: Cell]
        let url = Mutex("")

        init(_ clock: JumpClock, _ cells: [Cell]) {
            self.clock = clock
            start = clock.now
            self.cells = Dictionary(uniqueKeysWithValues: cells.map { ($0.task.text, $0) })
        }

        func isOut(_ cell: Cell) -> Bool {
            cell.length.map { clock.now.timeIntervalSince(start) < $0 } ?? true
        }

        var port: Substring { url.withLock { $0 }.split(separator: ":").last ?? "" }

        /// Names like `dns-3.test` stand for this machine, except while they are out.
        func resolve(_ host: String) throws -> [NetworkAddress] {
            guard let cell = cells[host.replacing(".test", with: "")], isOut(cell) else {
                return try NetworkAddress.resolve("127.0.0.1")
            }
            if cell.kind == .dns { throw ResolutionError(host: host, detail: "the name is unknown") }
            return try NetworkAddress.resolve("127.0.0.1")
        }

        func answer(_ request: Request) -> Response {
            let path = request.uri.path
            if path.hasPrefix("/v1/tasks/"), let cell = cells[String(path.dropFirst(10))] { return task(cell) }
            guard let cell = cells[path.split(separator: "/").first.map(String.init) ?? ""] else {
                return Response(status: .notFound)
            }
            return isOut(cell) ? fault(cell) : Self.file(OutageTests.picture)
        }

        private func task(_ cell: Cell) -> Response {
            if cell.kind == .taskUnknown, isOut(cell) { return Response(status: .notFound) }
            let scheme = [.tls, .refusedAddress].contains(cell.kind) && isOut(cell) ? "https" : "http"
            // Of this host, an address on this machine is refused.
            let domain = cell.kind == .refusedAddress && isOut(cell) ? "private.test" : "test"
            let link = "\(scheme)://\(cell.task).\(domain):\(port)/\(cell.task)/0.png?sig=abcdefghijklmnopqrstuvwxyz"
            let results = cell.kind == .resultsMissing && isOut(cell) ? "" : "\"\(link)\""
            let created = Int(start.timeIntervalSince1970)
            let text = #"{"id":"\#(cell.task)","status":"completed","created":\#(created),"results":[\#(results)]}"#
            return Self.file(Array(text.utf8))
        }

        private func fault(_ cell: Cell) -> Response {
            let (picture, other) = (OutageTests.picture, OutageTests.other)
            switch cell.kind {
            case .status404: return Response(status: .notFound)
            case .status403: return Response(status: .forbidden)
            case .status410: return Response(status: .gone)
            case .status500: return Response(status: .internalServerError)
            case .status503: return Response(status: .serviceUnavailable)
            case .retryAfter: return Response(status: .tooManyRequests, headers: [.retryAfter: "90"])
            case .page: return Self.file(Array("<!doctype html><title>Down for maintenance</title>".utf8))
            case .json: return Self.file(Array("{}".utf8))
            case .empty: return Self.file([])
            case .cutUnnoticed: return Self.file(Array(picture.prefix(picture.count / 2)))
            case .spliced:
                let half = picture.count / 2
                return Self.file(Array(picture.prefix(half)) + Array(other.dropFirst(half)))
            case .redirectLoop: return Response(status: .found, headers: [.location: "/\(cell.task)/0.png"])
            case .cut:
                return Response(
                    status: .ok,
                    body: ResponseBody(contentLength: picture.count) { writer in
                        try await writer.write(ByteBuffer(bytes: picture.prefix(picture.count / 2)))
                        throw CancellationError()
                    })
            case .tls, .dns, .refusedAddress, .resultsMissing, .taskUnknown: return Self.file(picture)
            }
        }

        private static func file(_ bytes: [UInt8]) -> Response {
            Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        }
    }

    @Test func nothingIsFinalWhileALinkLives() async throws {
        let archive = try TestArchive(clock: JumpClock(factor: 1, leastJump: 0, leastGuard: 3600))
        try await archive.catalog.keepNotices(100_000)
        var cells: [Cell] = []
        for (number, kind) in Kind.allCases.enumerated() {
            for (place, length) in Self.lengths.enumerated() {
                // The long ones cost most: one of three for each kind, unless all are asked for.
                guard Self.isWhole || place == 0 || place == 2 || place == 3 + number % 3 else { continue }
                let name = "\(kind.rawValue.lowercased())-\(length.map { "\(Int($0))" } ?? "ever")"
                cells.append(Cell(kind: kind, length: length, task: try #require(TaskID(name))))
            }
        }
        let world = World(archive.clock, cells)
        let tasks = cells.map(\.task)
        try await withStorageHost {
            world.answer($0)
        } _: { url in
            world.url.withLock { $0 = url }
            let hosts = ["127.0.0.1:\(world.port)"] + tasks.map { "\($0).test:\(world.port)" }
            try await archive.run(
                url, tasks: tasks.map { TaskRegistration(id: $0, source: "test") }, policy: AddressPolicy(exceptions: Set(hosts)),
                limits: DownloadLimits(total: 40 * 3600),
                { $0.pollInterval = 3600 },
                resolve: { try world.resolve($0) })
        }

        var (archived, wrong) = (0, 0)
        func expect(_ condition: Bool, _ cell: Cell, _ text: @autoclosure () -> String, line: Int = #line) {
            if !condition { wrong += 1 }
            #expect(condition, "\(cell.kind) \(cell.length ?? -1): \(text())")
        }
        let deadline = world.start.addingTimeInterval(86_400)
        // An outage of 5 s may be over before the first try.
        var failed: Set<TaskID> = []
        for cell in cells {
            let entry = try await archive.catalog.entries(EntryQuery(task: cell.task)).first
            let task = try #require(try await archive.catalog.task(cell.task))
            let what = "\(task.state) \(entry?.state.rawValue ?? "-") \(entry?.reason ?? task.reason ?? "-")"
            if let entry, entry.attempts > 1 { failed.insert(cell.task) }
            expect((entry?.attempts ?? 0) <= 120, cell, "\(entry?.attempts ?? 0) tries")
            if cell.length != nil {
                let isWhole = entry?.state == .archived && entry?.judgement?.verdict == .unrequested
                if isWhole { archived += 1 }
                expect(isWhole, cell, what)
                continue
            }
            guard let entry else {
                expect(task.state == .unavailable && task.cause == cell.kind.cause, cell, what)
                continue
            }
            expect(entry.state == (cell.kind.isDelivered ? .archived : .unavailable), cell, what)
            expect(entry.cause == cell.kind.cause, cell, "\(entry.cause?.rawValue ?? "-"): \(what)")
            expect(
                entry.endedAt.map { $0 >= deadline.addingTimeInterval(600) } ?? false, cell,
                "ended \(entry.endedAt?.iso8601 ?? "-")")
        }
        let report = try await archive.verify()
        #expect(report.isClean, "\(report.findings)")
        // Only outages of ten minutes and more are told, and those of our own at once.
        let notices = try await archive.catalog.dueNotices(limit: 100_000, now: .distantFuture)
        let types = Dictionary(grouping: notices, by: \.type).mapValues(\.count)
        let readings: Set<Kind> = [.resultsMissing, .taskUnknown]
        let told = cells.filter { ($0.kind.cause == .ours && failed.contains($0.task)) || $0.length.map { $0 >= 3600 } ?? true }
        #expect(types["output.failing"] == told.count { !readings.contains($0.kind) })
        #expect(types["task.failing"] == told.count { readings.contains($0.kind) })
        #expect(types["output.recovered"] == told.count { !readings.contains($0.kind) && $0.length != nil })
        #expect(types["task.recovered"] == told.count { readings.contains($0.kind) && $0.length != nil })
        print("outages cells \(cells.count) archived \(archived) wrong \(wrong)")
    }
}
