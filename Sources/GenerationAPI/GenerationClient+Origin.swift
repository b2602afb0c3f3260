package import ArchiveModel
import AsyncHTTPClient
package import Foundation
import NIOCore
import NIOHTTP1

extension GenerationClient {
    /// Whether an answer is the API's own: no redirect, and no page of a network, proxy or cache on the way.
    ///
    /// An answer that may be the API's also tells its time.
    /// - Throws: ``APIError`` with code `redirected` or `notTheAPI`.
    func checkOrigin(_ head: HTTPClientResponse, _ bytes: Data, _ call: String) throws {
        let status = Int(head.status.code)
        if (300..<400).contains(status) {
            let target = head.headers.first(name: "location").map { " to \(Self.shownOrigin($0))" } ?? ""
            throw APIError(
                .redirected, status: status, call: call, message: "it is a redirect\(target), and the key goes nowhere else")
        }
        if let what = Self.foreignContent(status: status, type: head.headers.first(name: "content-type"), bytes) {
            throw APIError(.notTheAPI, status: status, call: call, message: "it is \(what), so not from the API")
        }
        // A gateway on the way answers in the API's place with 5xx.
        guard status < 500 else { return }
        monitor.compareClock(date: head.headers["date"], age: head.headers.first(name: "age"), now: machineClock.now)
    }

    /// Reports an error that every try of a call has met, when it says that something else than the API has answered.
    func reportOrigin(of error: APIError) {
        let detail = "\(error.call) answered \(error.status ?? 0): \(error.message)"
        switch error.code {
        case .redirected: monitor.report(UpstreamProblem(.redirect, detail))
        case .notTheAPI, .malformed: monitor.report(UpstreamProblem(.notTheAPI, detail))
        default: break
        }
    }

    /// The API itself has answered, and with what was asked for.
    func confirmOrigin() {
        monitor.clear(.redirect)
        monitor.clear(.notTheAPI)
    }

    /// Compares the account's list with what an earlier list has shown, so that an old copy does not pass for the account.
    ///
    /// A task that the account no longer has explains an older list; it is asked for once its links are dead.
    /// - Parameter before: The newest task of earlier lists.
    /// - Throws: ``APIError``.
    package func checkList(_ head: ListHead, before: (id: TaskID, createdAt: Date)?, now: Date) async throws {
        guard let before, !head.ids.contains(before.id) else { return monitor.clear(.staleList) }
        let isOld = now.timeIntervalSince(before.createdAt) > TaskSnapshot.linkLifetime
        if isOld, let newest = head.newest, newest < before.createdAt {
            do {
                _ = try await task(before.id)
            } catch let error as APIError where error.code == .notFound {
                return monitor.clear(.staleList)
            }
        }
        monitor.compareList(newest: head.newest, before: before.createdAt, now: now)
    }

    /// What an answer holds that the API never sends; `nil` for one that may be the API's.
    ///
    /// 511 is a network that wants a sign-in (RFC 6585, section 6). With 5xx a page is usual, and the status says enough.
    package static func foreignContent(status: Int, type: String?, _ bytes: Data) -> String? {
        if status == 511 { return "the demand of a network to sign in" }
        guard (200..<500).contains(status) else { return nil }
        let kind = type?.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        let first = text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        if first == UInt8(ascii: "<") { return "a page" }
        if kind == "text/html" || kind == "application/xhtml+xml", first != UInt8(ascii: "{"), first != UInt8(ascii: "[") {
            return "a page"
        }
        // An error may come without a body; data may not.
        guard (200..<300).contains(status) else { return nil }
        guard let first else { return "nothing" }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? nil : "no JSON"
    }

    /// Scheme, host and port of a redirect: the rest may hold secrets.
    private static func shownOrigin(_ location: String) -> String {
        guard let url = URL(string: location), let host = url.host else { return "another path" }
        let port = url.port.map { ":\($0)" } ?? ""
        return String("\(url.scheme ?? "https")://\(host)\(port)".prefix(200))
    }
}

/// The beginning of the account's list, where its newest tasks are.
package struct ListHead: Sendable {
    /// The tasks of the first page.
    package private(set) var ids: Set<TaskID> = []
    /// Creation of the newest task of any page that was read.
    package private(set) var newest: Date?

    package init() {}

    /// - Parameter page: Counted from 1.
    package mutating func note(_ tasks: [TaskSnapshot], page: Int) {
        if page == 1 { ids.formUnion(tasks.map(\.id)) }
        newest = (tasks.compactMap(\.createdAt) + [newest].compactMap { $0 }).max()
    }
}
