import ArchiveModel
import Foundation
import Testing

@testable import Gallery

/// What the index says of outputs and tasks that an archive still waits for.
struct WaitingTests {
    /// 27 November 2026, 12:00 UTC.
    private static let noon = Date(timeIntervalSince1970: 1_795_780_800)
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    /// - Parameters:
    ///   - nextTry: Seconds after noon.
    ///   - end: Seconds after noon.
    static func failing(
        _ number: Int, index: Int? = 0, prompt: String? = "a red fox", reason: String = "the host answered 503",
        cause: FailureCause? = .vendor, nextTry: TimeInterval? = 720, end: TimeInterval = 15_120
    ) throws -> WaitingList.Entry {
        WaitingList.Entry(
            task: try #require(TaskID("task-\(number)")), index: index, prompt: prompt, reason: reason, cause: cause, tries: 7,
            nextTry: nextTry.map { noon + $0 }, windowEnds: noon + end)
    }

    static func waiting(
        _ entries: [WaitingList.Entry], count: Int? = nil, failing: [FailureCause: Int] = [.vendor: 1], atRisk: Int = 0,
        held: Int = 0, holdReason: String? = nil, total: Int? = nil, asOf: Date = noon
    ) throws -> WaitingList {
        try #require(
            WaitingList(
                asOf: asOf, count: count ?? entries.count, failing: failing, atRisk: atRisk, held: held, holdReason: holdReason,
                entries: entries, total: total ?? entries.count))
    }

    private func index(_ waiting: WaitingList?, of entries: [OutputEntry] = []) async throws -> String {
        _ = try await export(entries, waiting: waiting, to: folder)
        return try folder.text("index.html")
    }

    /// The visible words of the block, one space between any two.
    private func words(_ html: String) throws -> String {
        let block = try #require(html.firstMatch(of: /<details class="waiting"[\s\S]*?<\/details>/)).output
        return block.replacing(/<[^>]*>/, with: " ").replacing("&#39;", with: "'").split(whereSeparator: \.isWhitespace).joined(
            separator: " ")
    }

    @Test func eachRowShowsReasonCauseTriesAndTimeLeft() async throws {
        let html = try await index(try Self.waiting([try Self.failing(1), try Self.failing(2, index: nil, cause: .unknown)]))
        let words = try words(html)
        // 720 s after noon; 15,120 s are 4 h 12 min.
        #expect(
            words.contains(
                "task-1 #0 a red fox the host answered 503 The API or its storage host 7 27 Nov, 12:12 UTC 4 h 12 min left "
                    + "until 27 Nov, 16:12 UTC"))
        #expect(words.contains("task-2 a red fox the host answered 503 Nobody answered 7"))
        #expect(words.hasPrefix("Still waiting (2)"))
        #expect(words.contains("As of 27 Nov 2026, 12:00 UTC"))
        #expect(html.contains(#"<time datetime="2026-11-27T12:00:00.000Z">"#))
    }

    @Test func anIndexWithNothingWaitingShowsNoBlockAndNoTime() async throws {
        #expect(WaitingList(asOf: Self.noon, count: 0, entries: [], total: 0) == nil)
        let html = try await index(nil, of: [try entry(1)])
        #expect(!html.contains("waiting") && !html.contains("As of") && !html.contains("<time"))
        let summary = try await export([try entry(1)], waiting: nil, to: folder)
        #expect(summary.written == 0)
    }

    @Test(arguments: [
        ([FailureCause: Int](), 0, 0, false), ([.vendor: 3, .unknown: 2], 0, 0, false), ([.ours: 1], 0, 0, true),
        ([:], 1, 0, true),
        ([:], 0, 1, true),
    ])
    func theBlockIsOpenWhenAPersonMustAct(failing: [FailureCause: Int], atRisk: Int, held: Int, isOpen: Bool) async throws {
        let html = try await index(
            try Self.waiting([], count: 6, failing: failing, atRisk: atRisk, held: held, holdReason: "the key is refused"))
        #expect(html.contains("<details class=\"waiting\" id=\"waiting\"\(isOpen ? " open" : "")>"))
        #expect(try words(html).contains("task is held: the key is refused") == (held > 0))
    }

    @Test func waitingOutputsWithoutAFailureAreOnlyCounted() async throws {
        let html = try await index(try Self.waiting([], count: 1234, failing: [:]))
        #expect(try words(html).hasPrefix("Still waiting (1,234)"))
        #expect(!html.contains("<table"))
    }

    @Test func theHundredMostUrgentRowsAreListed() async throws {
        let entries = try (0..<250).map { try Self.failing($0, end: 10_000 - Double($0)) }
        let html = try await index(try Self.waiting(entries, count: 1_000, failing: [.vendor: 700], total: 700))
        let tasks = html.matches(of: /<code>task-(\d+) #0<\/code>/).compactMap { Int($0.1) }
        #expect(tasks == (150..<250).reversed())
        #expect(try words(html).contains("600 more: run 'fixative list --failing'."))
    }

    @Test func dueTriesAndClosedWindowsAreShown() async throws {
        let words = try words(
            try await index(try Self.waiting([try Self.failing(1, nextTry: -5, end: -660), try Self.failing(2, end: 3_599)])))
        #expect(words.contains("7 due 11 min after its end, still tried"))
        #expect(words.contains("59 min left"))
    }

    @Test func promptAndReasonAreShortened() async throws {
        let long = String(repeating: "fox ", count: 4_000)
        let words = try words(
            try await index(try Self.waiting([try Self.failing(1, prompt: long, reason: long)])))
        #expect(words.count < 800 && words.count { $0 == "…" } == 2)
    }

    @Test func noQueryOfALinkIsShown() async throws {
        let secret = "sig=0123456789abcdef"
        let html = try await index(
            try Self.waiting(
                [
                    try Self.failing(
                        1, prompt: "like https://pictures.example.org/a.png?\(secret)",
                        reason: "GET https://user:\(secret)@host.example.org/b.png?\(secret) gave 403")
                ], held: 1, holdReason: "https://api.example.org/v1?\(secret) said no"))
        #expect(html.contains("https://host.example.org/b.png") && html.contains("https://pictures.example.org/a.png"))
        #expect(!html.contains("0123456789abcdef"))
    }

    /// As many tags and quotes as with harmless words, counted by byte.
    @Test(arguments: GalleryPageTests.hostile) func allValuesAreShownOnlyAsText(text: String) async throws {
        func page(_ text: String, _ folder: ScratchFolder) async throws -> String {
            let list = try Self.waiting([try Self.failing(1, prompt: text, reason: text)], held: 1, holdReason: text)
            _ = try await export([], waiting: list, to: folder)
            return try folder.text("index.html")
        }
        let (hostile, calm) = (try await page(text, folder), try await page("fox", try ScratchFolder()))
        for byte in [UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\"")] {
            #expect(hostile.utf8.count { $0 == byte } == calm.utf8.count { $0 == byte })
        }
    }

    @Test func onlyTheIndexShowsTheBlock() async throws {
        let entries = try (0..<30).map { try entry($0) }
        _ = try await export(entries, waiting: try Self.waiting([try Self.failing(1)]), to: folder, pageSize: 10)
        let later = try Self.waiting([try Self.failing(1)], asOf: Self.noon + 61)
        let summary = try await export(entries, waiting: later, to: folder, pageSize: 10)
        #expect(summary.written == 1)
        #expect(try folder.text("index.html").contains("12:01 UTC"))
    }

    @Test func thePageChangesAtMostOnceAMinute() throws {
        let entry = try Self.failing(1)
        #expect(try Self.waiting([entry], asOf: Self.noon + 59) == Self.waiting([entry]))
        #expect(try Self.waiting([entry], asOf: Self.noon + 60) != Self.waiting([entry]))
    }
}
