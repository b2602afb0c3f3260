import ArchiveModel
import Foundation
import Testing

@testable import Gallery

/// What the pages say about Content Credentials.
struct CredentialPanelTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private static func signed(_ number: Int, _ state: CredentialFacts.State) throws -> OutputEntry {
        var summary = CredentialSummary(state: state)
        if summary.isBelievable {
            summary.signer = "Signer <\(number)> & Sons"
            summary.agent = "gpt-image"
            summary.signedAt = Date(iso8601: "2026-05-06T10:02:43.408Z")
            summary.timeAuthority = "OpenAI TSA Leaf"
            summary.clock = .vendor
            summary.turnsInvalidAt = Date(iso8601: "2027-03-24T02:53:02Z")
        }
        var entry = try entry(number)
        entry.credentials = summary
        return entry
    }

    @Test(arguments: [CredentialFacts.State.trusted, .valid])
    func aValidPictureSpeaks(_ state: CredentialFacts.State) async throws {
        _ = try await export([try Self.signed(1, state)], to: folder)
        let page = try folder.text("pictures/task-1-0.html")
        #expect(page.contains("What this picture says about itself"))
        #expect(page.contains("Signer &lt;1&gt; &amp; Sons") && page.contains("gpt-image"))
        #expect(page.contains("6 May 2026, 10:02 UTC, by the vendor"))
        #expect(page.contains("24 Mar 2027, 02:53 UTC, for an ordinary checker"))
        #expect(page.contains(state == .trusted ? ">Trusted<" : ">Valid<"))
        #expect(try folder.text("index.html").contains(#"<span class="signed">"#))
    }

    @Test(arguments: [CredentialFacts.State.invalid, .unreadable])
    func ofADoubtfulPictureOnlyAWarningIsShown(_ state: CredentialFacts.State) async throws {
        _ = try await export([try Self.signed(1, state)], to: folder)
        let page = try folder.text("pictures/task-1-0.html")
        #expect(page.contains("says doubt") && page.contains("not shown"))
        #expect(!page.contains("What this picture says about itself") && !page.contains("Signed by"))
        #expect(try !folder.text("index.html").contains(#"class="signed""#))
    }

    @Test func aSignatureThatLeavesOutPixelsIsAWarning() async throws {
        var entry = try entry(1)
        entry.credentials = CredentialSummary(state: .trusted)
        entry.credentials?.coversPicture = false
        _ = try await export([entry], to: folder)
        #expect(try folder.text("pictures/task-1-0.html").contains("leaves out parts of the picture"))
        #expect(try !folder.text("index.html").contains(#"class="signed""#))
    }

    @Test func withoutAManifestNothingIsSaid() async throws {
        _ = try await export([try Self.signed(1, .absent), try entry(2)], to: folder)
        for page in ["pictures/task-1-0.html", "pictures/task-2-0.html"] {
            #expect(try !folder.text(page).contains("says"), "\(page)")
        }
        #expect(try !folder.text("index.html").contains(#"class="signed""#))
    }

    /// Each state has its words, and the script has all of them.
    @Test func theScriptGetsTheWords() async throws {
        _ = try await export([try Self.signed(1, .trusted)], to: folder)
        let files = try folder.contents()
        let data = try #require(files.first { $0.key.hasPrefix("assets/data.") })
        let text = String(decoding: data.value, as: UTF8.self)
        for state in CredentialFacts.State.allCases {
            #expect(text.contains(#""id":"\#(CredentialWords.of(CredentialSummary(state: state)).id)""#))
        }
        for clock in CredentialSummary.Clock.allCases { #expect(text.contains(#""\#(clock.rawValue)":"by "#)) }
        #expect(try folder.text("manifest.json").contains(#""credentials":{"agent":"gpt-image","clock":"vendor""#))
    }
}
