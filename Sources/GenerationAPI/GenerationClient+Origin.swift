package import ArchiveModel
import AsyncHTTPClient
package import Foundation
import NIOCore
import NIOHTTP1

extension GenerationClient {
    /// Checks that an answer comes from the API itself: not a redirect, and not a page of a network, proxy or cache in between.
    ///
    /// Also compares the clocks if the answer may come from the API.
    /// - Throws: ``APIError`` with code `redirected` or `notTheAPI`.
    func checkOrigin(_ head: HTTPClientResponse, _ bytes: Data, _ call: String) throws {
        let status = Int(head.status.code)
        if (300..<400).contains(status) {
            let target = head.headers.first(name: "location").map { " to \(Self.shownOrigin($0))" } ?? ""
            throw APIError(
                .redirected, status: status, call: call,
                message: "it is a redirect\(target), which is not followed, to protect the key")
        }
        if let what = Self.foreignContent(status: status, type: head.headers.first(name: "content-type"), bytes) {
            throw APIError(
                .notTheAPI, status: status, call: call, message: "the answer is \(what), so it does not come from the API")
        }
        // A 5xx may come from a gateway in front of the API, so its date is not used.
        guard status < 500 else { return }
        monitor.compareClock(date: head.headers["date"], age: head.headers.first(name: "age"), now: machineClock.now)
    }

    /// Reports a call's final error if it shows that something other than the API has answered.
    func reportOrigin(of error: APIError) {
        let detail = "\(error.call) answered \(error.status ?? 0): \(error.message)"
        switch error.code {
        case .redirected: monitor.report(UpstreamProblem(.redirect, detail))
        case .notTheAPI, .malformed: monitor.report(UpstreamProblem(.notTheAPI, detail))
        default: break
        }
    }

    /// The API itself gave a valid answer.
    func confirmOrigin() {
        monitor.clear(.redirect)
        monitor.clear(.notTheAPI)
    }

    /// Compares the account's list with earlier lists, to detect an outdated copy, for example from a cache.
    ///
    /// An older list is acceptable if the account no longer has the newest known task. The API is asked about that task once its
    /// links have expired.
    /// - Parameter before: The newest task of earlier lists.
    /// - Throws: ``APIError``.
    package func checkList(_ head: ListHead, before: (id: TaskID, createdAt: Date)?, now: Date) async throws {
        guard let before, !head.ids.contains(before.id) else { return monitor.clear(.staleList) }
        let isOld = now.timeIntervalSince(before.createdAt) > UpstreamRules.linkLifetime
        if isOld, let newest = head.newest, newest < before.createdAt {
            do {
                _ = try await task(before.id)
            } catch let error as APIError where error.code == .notFound {
                return monitor.clear(.staleList)
            }
        }
        monitor.compareList(newest: head.newest, before: before.createdAt, now: now)
    }

    /// Describes content that the API never sends; `nil` if the answer may come from the API.
    ///
    /// 511 means that a network requires a sign-in (RFC 6585, section 6). HTML pages with other 5xx statuses are common and prove
    /// nothing.
    package static func foreignContent(status: Int, type: String?, _ bytes: Data) -> String? {
        if status == 511 { return "the sign-in page of a network" }
        guard (200..<500).contains(status) else { return nil }
        let kind = type?.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        let first = text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        if first == UInt8(ascii: "<") { return "a web page" }
        if kind == "text/html" || kind == "application/xhtml+xml", first != UInt8(ascii: "{"), first != UInt8(ascii: "[") {
            return "a web page"
        }
        // An error may have an empty body; a success may not.
        guard (200..<300).contains(status) else { return nil }
        guard let first else { return "an empty body" }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? nil : "text that is not JSON"
    }

    /// Scheme, host and port of a redirect's target; the rest may contain secrets.
    private static func shownOrigin(_ location: String) -> String {
        guard let url = URL(string: location), let host = url.host else { return "another path" }
        let port = url.port.map { ":\($0)" } ?? ""
        return String("\(url.scheme ?? "https")://\(host)\(port)".prefix(200))
    }
}

/// The start of the account's list, which contains its newest tasks.
package struct ListHead: Sendable {
    /// The tasks of the first page.
    package private(set) var ids: Set<TaskID> = []
    /// The creation time of the newest task on any page read.
    package private(set) var newest: Date?

    package init() {}

    /// - Parameter page: Counted from 1.
    package mutating func record(_ tasks: [TaskSnapshot], page: Int) {
        if page == 1 { ids.formUnion(tasks.map(\.id)) }
        newest = (tasks.compactMap(\.createdAt) + [newest].compactMap { $0 }).max()
    }
}
