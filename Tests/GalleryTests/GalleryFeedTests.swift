import ArchiveModel
import Foundation
import Testing

@testable import Gallery

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// The feed against RFC 4287, read by an XML parser; Tests/Handover shows it to a feed reader.
struct GalleryFeedTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private static let base = "https://pictures.example.org/studio"

    /// The texts and attributes at a path of element names, whatever their prefix.
    private func values(_ path: String, _ attribute: String? = nil) throws -> [String] {
        let document = try XMLDocument(data: Data(folder.text("feed.xml").utf8))
        let steps = path.split(separator: "/").map { "/*[local-name()='\($0)']" }.joined()
        let nodes = try document.nodes(forXPath: steps + (attribute.map { "/@\($0)" } ?? ""))
        return nodes.map { $0.stringValue ?? "" }
    }

    @Test func theNewestPicturesAreEntriesWithAbsoluteLinks() async throws {
        var entries = try (0..<60).map { try entry($0) }
        entries.append(try entry(80, state: .unavailable))
        _ = try await export(entries, to: folder, title: "Studio", originals: true, baseURL: Self.base, identity: "a")
        #expect(try values("feed/entry/title").count == 50)
        #expect(try values("feed/link", "href") == ["\(Self.base)/index.html", "\(Self.base)/feed.xml"])
        #expect(try values("feed/link", "rel") == ["alternate", "self"])
        let links = try values("feed/entry/link", "href")
        #expect(links.first == "\(Self.base)/pictures/task-59-0.html")
        #expect(links.contains("\(Self.base)/originals/aa/\(try digest(59, "a")).png"))
        #expect(try values("feed/entry/link", "length").first == "1572516")
        let images = try values("feed/entry/content/div/p/a/img", "src")
        #expect(images.count == 50 && images.allSatisfy { $0.hasPrefix(Self.base + "/previews/") })
        // The newest of them, one a day from 1 January 2026 on.
        #expect(try values("feed/updated") == ["2026-03-01T00:00:00.000Z"])
        #expect(try values("feed/author/name") == ["Studio"])
    }

    @Test func everyFileNamedInTheFeedExists() async throws {
        _ = try await export(try (0..<5).map { try entry($0) }, to: folder, originals: true)
        let named =
            try values("feed/link", "href") + values("feed/entry/link", "href") + values("feed/entry/content/div/p/a/img", "src")
        for path in named { #expect(folder.has(path), "\(path)") }
        #expect(try values("feed/link", "rel") == ["alternate"], "a feed without a base URL has no self link")
    }

    @Test func feedIDsSurviveAMoveAndDifferBetweenGalleries() async throws {
        _ = try await export([try entry(1), try entry(2)], to: folder, baseURL: Self.base, identity: "a")
        let (feed, ids) = (try values("feed/id"), try values("feed/entry/id"))
        for id in feed + ids {
            #expect(id.wholeMatch(of: /urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        }
        #expect(Set(ids).count == 2)
        _ = try await export([try entry(1), try entry(2)], to: folder, baseURL: "https://elsewhere.example.org/", identity: "a")
        #expect(try values("feed/id") == feed)
        #expect(try values("feed/entry/id") == ids)
        _ = try await export([try entry(1), try entry(2)], to: folder, identity: "b")
        #expect(try values("feed/id") != feed)
        #expect(try values("feed/entry/id") == ids)
    }

    @Test(arguments: [
        "</title><script>alert(1)</script>", "]]> & &amp; <![CDATA[ \u{0}\u{1F}\u{FFFE}\u{FFFF}\u{7F}",
        "\"\u{301} \u{202E}reversed 👩‍👩‍👧‍👦",
    ])
    func aPromptIsPlainTextInTheFeed(prompt: String) async throws {
        var picture = try entry(1, prompt: prompt)
        picture.request?.size = prompt
        _ = try await export([picture], to: folder, title: prompt)
        #expect(try values("feed/entry/content/div/p").count == 3)
        #expect(try values("feed/entry/content/div/*").count == 0)
        let shown = try values("feed/entry/content/div/p")[1]
        let kept = { (text: String) in
            text.unicodeScalars.filter { $0.value >= 0x20 && $0 != "\u{7F}" && $0.value < 0xFFFD || $0.value > 0xFFFF }
        }
        #expect(Array(kept(shown)) == Array(kept(prompt)))
    }

    @Test func anEmptyFeedIsStillAFeed() async throws {
        _ = try await export([], to: folder)
        #expect(try values("feed/title") == ["Gallery"])
        #expect(try values("feed/updated") == ["1970-01-01T00:00:00.000Z"])
        #expect(try values("feed/entry/id").isEmpty)
    }
}
