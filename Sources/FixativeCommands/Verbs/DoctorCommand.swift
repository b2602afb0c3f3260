import ArchiveModel
import ArchiveStore
import ArgumentParser
import AsyncHTTPClient
import BlobStore
import Catalog
import DecoderPool
import Foundation
import GenerationAPI
import ImageCodecs
import NIOCore
import NIOHTTP1
import Networking
import Provenance
import Secrets

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check libraries, storage, clock, reachability and key. Exit code 1 when something is wrong.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: FormatOptions

    private enum Level: String, Encodable { case ok, note, wrong }

    private struct Finding: Encodable {
        var subject: String
        var result: Level
        var detail: String
    }

    func run() async throws {
        let settings = try await Settings.load(common) { _ in }
        var findings = [Self.libraries(), await Self.decoders(settings), Self.trustLists()] + Self.settings(settings)
        findings += await Self.storage(settings)
        findings.append(Self.key())
        findings += await Self.upstream(settings)
        if output.format == .json {
            Terminal.write(try Rendering.json(findings))
        } else {
            var table = Table(columns: [.init("CHECK"), .init(""), .init("DETAIL")])
            table.rows = findings.map { [$0.subject, $0.result.rawValue, $0.detail] }
            Terminal.write(table.text)
        }
        if findings.contains(where: { $0.result == .wrong }) { throw ExitCode.foundWrong }
    }

    private static func libraries() -> Finding {
        var versions = CodecLibraries.versions.map { "\($0.key) \($0.value)" }.sorted()
        versions.append(Archive.engine)
        return Finding(subject: "libraries", result: .ok, detail: versions.joined(separator: ", "))
    }

    private static func trustLists() -> Finding {
        let lists = EmbeddedList.all.filter { $0.nextUpdate != nil }
        let state = TrustListAge(lists, now: SystemClock().now)
        return Finding(subject: "trust lists", result: state.isOld ? .note : .ok, detail: state.detail)
    }

    private static func decoders(_ settings: Settings) async -> Finding {
        guard settings.decoders == .sandbox else {
            return Finding(
                subject: "decoders", result: .note,
                detail: "in this process, as FIXATIVE_DECODERS sets it: a picture that crashes a decoder ends the program")
        }
        let pool = DecoderPool(.sandbox, width: 1)
        defer { pool.close() }
        do {
            try await pool.start()
            return Finding(
                subject: "decoders", result: .ok,
                detail: "in a sandbox (seccomp, resource limits): processes that have no key, no network and no files")
        } catch {
            return Finding(
                subject: "decoders", result: .wrong,
                detail: "\(error). Set FIXATIVE_DECODERS=in-process or use --decoders in-process to decode without the sandbox")
        }
    }

    private static func storage(_ settings: Settings) async -> [Finding] {
        do {
            let archive = try Archive(settings, creating: false, reading: true)
            let ingest = try await archive.blobs.beginIngest()
            try await ingest.append([0])
            _ = try await ingest.seal()
            await ingest.discard()
            let status = try await archive.catalog.status(now: archive.clock.now)
            let free =
                (try? FileManager.default.attributesOfFileSystem(forPath: archive.files.path)[.systemFreeSize] as? NSNumber)?
                .int64Value
            let isTight = (free ?? .max) < 1_000_000_000
            let room = free.map { "\(Rendering.bytes($0)) free" } ?? "free space unknown"
            return [
                Finding(
                    subject: "storage", result: isTight ? .wrong : .ok,
                    detail:
                        "\(archive.files.path): writable, \(room), \(Rendering.count(status.outputs[.archived] ?? 0, "picture"))"
                )
            ] + permissions(archive)
        } catch let error as BlobStoreError where error.code == .noArchive {
            return [
                Finding(
                    subject: "storage", result: .note, detail: "\(settings.storage): no archive yet; the first run creates it")
            ]
        } catch {
            return [Finding(subject: "storage", result: .wrong, detail: "\(error)")]
        }
    }

    /// Archives of release 0.1.0 are readable by every user of the machine.
    private static func permissions(_ archive: Archive) -> [Finding] {
        guard let wide = archive.files.widerThanAsked() else { return [] }
        return [
            Finding(
                subject: "permissions", result: .note,
                detail: "\(wide) lets other users read the archive; restrict it with chmod -R, or allow it with --umask")
        ]
    }

    private static func key() -> Finding {
        do {
            let key = try APIKey.find(in: ProcessInfo.processInfo.environment)
            return key == nil
                ? Finding(subject: "key", result: .note, detail: "none: set FIXATIVE_API_KEY or FIXATIVE_API_KEY_FILE")
                : Finding(subject: "key", result: .ok, detail: "present; the first call shows whether it is valid")
        } catch {
            return Finding(subject: "key", result: .wrong, detail: "\(error)")
        }
    }

    /// Calls the API without a key. Any answer of the API shows that it is reachable, and its date is used to compare the clocks.
    private static func upstream(_ settings: Settings) async -> [Finding] {
        let url: FetchableURL
        do {
            url = try FetchableURL(settings.apiURL + "/v1/tasks?page_size=1")
        } catch {
            return [Finding(subject: "upstream", result: .wrong, detail: "the API address can't be used: \(error)")]
        }
        var request = HTTPClientRequest(url: url.text)
        request.headers.add(name: "user-agent", value: Product.userAgent)
        let http = GenerationClient.makeHTTPClient()
        do {
            let response = try await http.execute(request, timeout: .seconds(10))
            let body = try? await response.body.collect(upTo: 1 << 20)
            try? await http.shutdown()
            return findings(settings, response, Data(body.map { Array($0.readableBytesView) } ?? []))
        } catch {
            try? await http.shutdown()
            let words = Redactor()("\(error)")
            return [
                Finding(
                    subject: "upstream", result: .wrong,
                    detail: "\(settings.apiURL) can't be reached: \(words). Check the network, the proxy and --api-url"),
                Finding(subject: "clock", result: .note, detail: "not compared: the upstream can't be reached"),
            ]
        }
    }

    private static func findings(_ settings: Settings, _ response: HTTPClientResponse, _ body: Data) -> [Finding] {
        let status = Int(response.status.code)
        func foreign(_ problem: UpstreamProblem) -> [Finding] {
            [
                Finding(subject: "upstream", result: .wrong, detail: "\(settings.apiURL): \(problem)"),
                Finding(subject: "clock", result: .note, detail: "not compared: the answer is not from the API"),
            ]
        }
        if (300..<400).contains(status) { return foreign(UpstreamProblem(.redirect, "it answers \(status), a redirect")) }
        let type = response.headers.first(name: "content-type")
        if let what = GenerationClient.foreignContent(status: status, type: type, body) {
            return foreign(UpstreamProblem(.notTheAPI, "it answers \(status) and \(what)"))
        }
        let reached = Finding(
            subject: "upstream", result: .ok, detail: "\(settings.apiURL) answers (\(status) without a key)")
        let monitor = UpstreamMonitor()
        monitor.compareClock(
            date: response.headers["date"], age: response.headers.first(name: "age"), now: SystemClock().now)
        guard let skew = monitor.clockSkew else {
            let detail =
                "not compared: the upstream's answer has no date. Without this date, no window closes, so no result is listed as lost"
            return [reached, Finding(subject: "clock", result: .note, detail: detail)]
        }
        let detail = "\(Int(skew.magnitude.rounded())) s from the upstream's clock; deadlines are computed with this clock"
        guard let problem = monitor.problems.first else {
            return [reached, Finding(subject: "clock", result: .ok, detail: detail)]
        }
        return [reached, Finding(subject: "clock", result: .wrong, detail: "\(problem.detail). \(problem.advice)")]
    }

    /// The source of the settings, and whether the key may be sent to the API's address.
    private static func settings(_ settings: Settings) -> [Finding] {
        let source = settings.configPath ?? "no config file; its default path is \(SettingsFile.suggestedPath)"
        var findings = [Finding(subject: "settings", result: .ok, detail: source)]
        findings += settings.warnings.map { Finding(subject: "settings", result: .wrong, detail: $0.replacing("\n", with: " ")) }
        if (try? APIAddress(settings.apiURL).isProtected) != true {
            let result = settings.allowsInsecureAPI ? Level.note : .wrong
            findings.append(Finding(subject: "api", result: result, detail: Settings.insecure(settings.apiURL)))
        }
        return findings
    }
}
