import ArchiveModel
import Foundation
import SizeContract
import Testing

@testable import Gallery

/// What the pages say and where they lead.
struct GalleryPageTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    static let hostile = [
        "</script><script>alert(1)</script>", "\" onmouseover=alert(1) x=\"", "' autofocus onfocus=alert(1) x='",
        // One Character with the quote: escaping by Character would let it pass.
        "\"\u{301} onmouseover=alert(1) x=\"\u{FE0F}", "<\u{338}img src=x onerror=alert(1)>", "{{title}} {{{name}}} {{> head}}",
        "one\u{2028}two\u{2029}three", "\u{202E}reversed", "\u{0}\u{1F}control", "]]> --> &amp; &lt;", "👩‍👩‍👧‍👦 עברית العربية",
        String(repeating: "long ", count: 400),
    ]

    /// The values of every `href`, `src` and `srcset` of a page.
    private func links(in html: String) -> [String] {
        var links = html.matches(of: /\s(?:href|src)="([^"]*)"/).map { String($0.1) }
        for match in html.matches(of: /\ssrcset="([^"]*)"/) {
            links += match.1.split(separator: ", ").compactMap { $0.split(separator: " ").first.map(String.init) }
        }
        return links
    }

    @Test(arguments: [1, 7, 30]) func everyLinkIsRelativeAndItsTargetExists(count: Int) async throws {
        var entries = try (0..<count).map { try entry($0) }
        entries.append(try entry(90, task: "Über/../&<task>?", prompt: nil))
        entries.append(try entry(91, state: .unavailable))
        _ = try await export(entries, to: folder, originals: true, pageSize: 5)
        let contents = try folder.contents()
        let pages = contents.filter { $0.key.hasSuffix(".html") }
        #expect(pages.count >= count + 3)
        for (page, bytes) in pages {
            for link in links(in: String(decoding: bytes, as: UTF8.self)) where !link.hasPrefix("data:image/") {
                #expect(!link.contains(":") && !link.hasPrefix("/"), "\(page) links to \(link)")
                let parts = link.split(separator: "#", omittingEmptySubsequences: false)
                var path = page.split(separator: "/").dropLast().map(String.init)
                for step in parts[0].split(separator: "/") {
                    if step == ".." { path.removeLast() } else { path.append(String(step)) }
                }
                let target = parts[0].isEmpty ? page : path.joined(separator: "/")
                #expect(contents[target] != nil, "\(page) links to \(link)")
                if parts.count == 2, let html = contents[target], !parts[1].hasPrefix("p=") {
                    #expect(String(decoding: html, as: UTF8.self).contains("id=\"\(parts[1])\""), "\(page) links to \(link)")
                }
            }
        }
    }

    /// A card instead of a picture, and no word that calls it broken.
    @Test func anUnreadFileIsACardWithItsFormat() async throws {
        var file = try entry(1, prompt: nil)
        file.judgement = SizeContract.gptImage2.judgeUnread(
            delivered: PixelSize(width: 7, height: 5), request: try SizeContract.gptImage2.request(size: "1:1", resolution: "1K"))
        file.original = .init(digest: try digest(1), bytes: 43, mediaType: "image/gif", format: "gif")
        (file.thumbnail, file.preview, file.reason) = (nil, nil, "a whole GIF")
        _ = try await export([file], to: folder)
        for page in ["index.html", "pictures/task-1-0.html"] {
            let html = try folder.text(page)
            #expect(html.contains("GIF, 43 bytes") && html.contains("Not read"), "\(page)")
            #expect(!html.contains("Unreadable file") && !html.contains("<img"), "\(page)")
        }
        #expect(try folder.text("pictures/task-1-0.html").contains("a whole GIF"))
    }

    @Test func noFileNamesAnotherHost() async throws {
        _ = try await export(try (0..<30).map { try entry($0) }, to: folder, originals: true, pageSize: 10)
        for (file, bytes) in try folder.contents() where !file.hasPrefix(".") {
            var text = String(decoding: bytes, as: UTF8.self)
            // Names of vocabularies, which nobody fetches.
            for name in ["2000/svg", "2005/Atom", "1999/xhtml"] { text = text.replacing("http://www.w3.org/\(name)", with: "") }
            #expect(!text.contains("//www.") && !text.contains("https:") && !text.contains("http:"), "\(file)")
            #expect(!text.contains("@import") && !text.contains("fetch(") && !text.contains("XMLHttpRequest"), "\(file)")
        }
    }

    @Test(arguments: hostile) func aPromptIsShownOnlyAsText(prompt: String) async throws {
        _ = try await export([try entry(1, prompt: prompt)], to: folder, title: prompt)
        let plain = try ScratchFolder()
        _ = try await export([try entry(1, prompt: "fox")], to: plain, title: "title")
        let count = { (html: String, pattern: Regex<Substring>) in html.matches(of: pattern).count }
        for page in ["index.html", "pictures/task-1-0.html"] {
            let (hostile, calm) = (try folder.text(page), try plain.text(page))
            // As many tags, quotes and attributes as with a harmless prompt, counted by byte.
            for byte in [UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\"")] {
                #expect(hostile.utf8.count { $0 == byte } == calm.utf8.count { $0 == byte }, "\(page)")
            }
            #expect(count(hostile, /<script/) == count(calm, /<script/))
        }
        for (file, bytes) in try folder.contents()
        where file.hasPrefix("data/") || file == "manifest.json" || file.hasPrefix("assets/data") {
            #expect(!bytes.contains(UInt8(ascii: "<")) && !bytes.contains(UInt8(ascii: "&")), "\(file)")
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(!text.unicodeScalars.contains("\u{2028}") && !text.unicodeScalars.contains("\u{2029}"), "\(file)")
        }
        struct Manifest: Decodable {
            struct Picture: Decodable {
                struct Requested: Decodable { let prompt: String }
                let requested: Requested
            }
            let title: String
            let pictures: [Picture]
        }
        let manifest = try JSONDecoder().decode(Manifest.self, from: Data(folder.text("manifest.json").utf8))
        #expect(manifest.title == prompt)
        #expect(manifest.pictures.map(\.requested.prompt) == [prompt])
    }

    @Test(arguments: [
        "../../etc/passwd", "Task-A", "task-a", "con", "a%2Fb", String(repeating: "x", count: 200), "任务", ".hidden", "\"<&>",
    ])
    func aTaskIDMakesASafeFileName(task: String) async throws {
        _ = try await export([try entry(1, task: task)], to: folder)
        let pages = try folder.contents().keys.filter { $0.hasPrefix("pictures/") }
        #expect(pages.count == 1)
        let name = try #require(pages.first).dropFirst("pictures/".count)
        #expect(name.utf8.count <= 100)
        #expect(name.wholeMatch(of: /[a-z0-9_-][a-z0-9_.-]*\.html/) != nil, "\(name)")
    }

    @Test func idsThatDifferOnlyInCaseGetTwoPages() async throws {
        _ = try await export([try entry(1, task: "Task"), try entry(2, task: "task")], to: folder)
        let pages = try folder.contents().keys.filter { $0.hasPrefix("pictures/") }
        #expect(Set(pages.map { $0.lowercased() }).count == 2)
    }

    @Test func anEmptyArchiveIsShownAsEmpty() async throws {
        let summary = try await export([], to: folder)
        #expect(summary.pictures == 0)
        let index = try folder.text("index.html")
        #expect(index.contains("No pictures yet"))
        #expect(!index.contains("<script") && !index.contains("<img"))
    }

    @Test func anUnavailableOutputIsACardWithItsReason() async throws {
        _ = try await export([try entry(1, state: .unavailable)], to: folder)
        for page in ["index.html", "pictures/task-1-0.html"] {
            let html = try folder.text(page)
            #expect(html.contains("the link expired"))
            #expect(html.contains("Unavailable"))
            #expect(!html.contains("<img"))
        }
    }

    @Test func anUndecodableFileIsACardWithKindAndSize() async throws {
        var output = try entry(1)
        output.thumbnail = nil
        output.preview = nil
        output.original = .init(digest: try digest(1), bytes: 41_300, mediaType: "text/html", format: nil)
        output.judgement = SizeContract.gptImage2.judge(delivered: nil, request: .auto)
        _ = try await export([output], to: folder, originals: true)
        let index = try folder.text("index.html")
        #expect(index.contains("HTML page, 41 kB"))
        #expect(index.contains("Unreadable"))
        #expect(!index.contains("<img"))
        #expect(folder.has("originals/aa/\(try digest(1)).bin"))
    }

    @Test func pendingOutputsAreCountedButNotShown() async throws {
        let entries = [try entry(1), try entry(2, state: .waiting), try entry(3, state: .leased), try entry(4, state: .held)]
        let summary = try await export(entries, to: folder)
        #expect(summary.pictures == 1)
        #expect(summary.pending == 3)
    }

    @Test func originalsAreLeftOutUnlessRequested() async throws {
        _ = try await export([try entry(1)], to: folder)
        #expect(try folder.contents().keys.allSatisfy { !$0.hasPrefix("originals/") })
        #expect(!(try folder.text("pictures/task-1-0.html").contains("Download the original")))
    }

    @Test func pagesCoverEveryPictureOnce() async throws {
        _ = try await export(try (0..<47).map { try entry($0) }, to: folder, pageSize: 10)
        var seen: [String] = []
        var page: String? = "index.html"
        while let current = page {
            let html = try folder.text(current)
            seen += html.matches(of: /id="p-([^"]*)"/).map { String($0.1) }
            page = html.firstMatch(of: /rel="next" href="([^"]*)"/).map { String($0.1) }
        }
        #expect(seen == (0..<47).reversed().map { "task-\($0)-0" })
    }

    /// The tier table's example: 3840x2160 asked, 1672x941 delivered, 4K billed, 1K delivered, 2.6 - 1.0 paid too much.
    @Test func aPageShowsTheRequestTheDeliveryAndTheBill() async throws {
        var output = try entry(1)
        output.request?.size = "16:9"
        output.request?.resolution = "4K"
        output.judgement = SizeContract.gptImage2.judge(
            delivered: PixelSize(width: 1672, height: 941),
            request: try SizeContract.gptImage2.request(size: "16:9", resolution: "4K"))
        _ = try await export([output], to: folder)
        let html = try folder.text("pictures/task-1-0.html").replacing("\u{A0}", with: " ")
        for (label, value) in [
            ("Requested", "16:9 at 4K (3840 × 2160)"), ("Delivered", "1672 × 941"),
            ("Requested tier", "4K"), ("Delivered tier", "1K"),
            ("Below the requested tier", "1.6 × the base price"), ("Created", "2 Jan 2026, 00:00 UTC"), ("File", "PNG, 1.6 MB"),
        ] {
            #expect(html.contains("<dt>\(label)</dt><dd>\(value)</dd>"))
        }
        #expect(html.contains("Undersized"))
        let index = try folder.text("index.html")
        #expect(index.contains(#"<strong>1</strong> <span>not as requested</span>"#))
        #expect(index.contains(#"<strong>0</strong> <span>exact</span>"#))
    }

    @Test func crawlersAreKeptOut() async throws {
        _ = try await export([try entry(1)], to: folder)
        #expect(try folder.text("robots.txt") == "User-agent: *\nDisallow: /\n")
        for page in ["index.html", "pictures/task-1-0.html"] {
            #expect(try folder.text(page).contains(#"name="robots" content="noindex"#))
        }
    }

    @Test func aPageAllowsNoInlineScriptOrStyle() async throws {
        _ = try await export([try entry(1)], to: folder)
        for (page, bytes) in try folder.contents() where page.hasSuffix(".html") {
            let html = String(decoding: bytes, as: UTF8.self)
            #expect(html.hasPrefix("<!doctype html>"))
            #expect(html.contains("default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'"))
            #expect(html.firstMatch(of: /\sstyle=|<style|\son[a-z]+=/) == nil)
        }
    }
}
