import Foundation
import TestSupport
import Testing

/// The live gallery and its way in, asked by curl.
extension RunCommandTests {
    private func field(_ name: String, _ headers: [String]) -> String? {
        headers.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }

    @Test func theServedGalleryEqualsTheExport() async throws {
        try await withService(tasks: 5) { service in
            let folder = try Folder()
            let outcome = try Program.run("gallery", folder.path + "/g", "--originals", "--storage", service.storage)
            #expect(outcome.status == 0, "\(outcome.errors)")
            // Every file, compared byte by byte; the export's own list is no page.
            let differing = try shell(
                """
                cd '\(folder.path)/g' && find . -type f ! -name '.fixative-*' | sed 's,^./,,' | while read -r file; do
                    curl -s -f --max-time 20 -H 'Authorization: Bearer \(Self.reader)' '\(service.url)/gallery/'"$file" | cmp -s - "$file" \
                        || echo "$file"
                done
                """)
            #expect(differing == "")
            let count = try shell("find '\(folder.path)/g' -type f | wc -l").trimmingCharacters(in: .whitespacesAndNewlines)
            #expect((Int(count) ?? 0) > 20)
            #expect(try service.ask("/gallery/").body == String(contentsOfFile: folder.path + "/g/index.html", encoding: .utf8))

            let old = try service.ask("/gallery/").headers
            #expect(field("content-type", old) == "text/html; charset=utf-8")
            #expect(field("cache-control", old) == "private, no-cache")
            #expect(field("x-content-type-options", old) == "nosniff")
            #expect(field("content-security-policy", old)?.hasPrefix("default-src 'none';") == true)
            let tag = try #require(field("etag", old))
            #expect(try service.ask("/gallery/", "-H 'If-None-Match: \(tag)'").status == 304)
            let head = try service.ask("/gallery/", "-I")
            #expect(
                head.status == 200 && head.body == "" && field("content-length", head.headers) == field("content-length", old))

            let script = try #require(try service.ask("/gallery/").body.firstMatch(of: /assets\/data\.[0-9a-f]+\.js/)).output
            let data = try service.ask("/gallery/\(script)", "-I").headers
            #expect(field("content-type", data) == "text/javascript; charset=utf-8")
            #expect(field("cache-control", data)?.contains("immutable") == true)
            let thumbnail = try #require(try service.ask("/gallery/").body.firstMatch(of: /thumbs\/[0-9a-z\/.]+/)).output
            #expect(try service.ask("/gallery/\(thumbnail)", "-r 0-9").status == 206)
            #expect(field("content-type", try service.ask("/gallery/\(thumbnail)", "-I").headers)?.hasPrefix("image/") == true)

            let bare = try service.ask("/gallery", "-I")
            #expect(bare.status == 308 && field("location", bare.headers) == "gallery/")
            for path in [
                "/gallery/../catalog.sqlite", "/gallery/%2e%2e/catalog.sqlite", "/gallery/thumbs/", "/gallery/data", "/gallery//",
                "/gallery/index.html/", "/gallery/.fixative-gallery.json",
                "/gallery/thumbs/00/\(String(repeating: "0", count: 64)).jpg",
            ] {
                #expect(try service.ask(path).status == 404, "\(path)")
            }
            #expect(try service.ask("/gallery/", "-X POST").status >= 400)
        }
    }

    @Test func aBrowserSessionMayOnlyRead() async throws {
        try await withService(tasks: 1) { service in
            let asked = try service.ask("/gallery/", token: nil)
            #expect(asked.status == 401 && asked.body.contains("action=\"sign-in\"") && !asked.body.contains("thumbs/"))
            #expect(field("content-type", asked.headers) == "text/html; charset=utf-8")
            let style = try #require(asked.body.firstMatch(of: /assets\/gallery\.[0-9a-f]+\.css/)).output
            #expect(try service.ask("/gallery/\(style)", token: nil).status == 200, "the sign-in page has its style")
            #expect(try service.ask("/gallery/pictures/task-1-0.html", token: nil).body.contains("action=\"../sign-in\""))
            for path in [
                "manifest.json", "feed.xml", "data/1.000000000000.js", "thumbs/00/\(String(repeating: "0", count: 64)).jpg",
            ] {
                #expect(try service.ask("/gallery/\(path)", token: nil).status == 401, "\(path)")
            }

            let wrong = try service.ask("/gallery/sign-in", token: nil, "-d token=wrong-token-0123456789")
            #expect(
                wrong.status == 401 && wrong.body.contains("This token is wrong") && field("set-cookie", wrong.headers) == nil
            )
            #expect(try service.ask("/gallery/sign-in", token: nil, "-d key=1").status == 400)
            #expect(
                try service.ask("/gallery/sign-in", token: nil, "-H 'Sec-Fetch-Site: cross-site' -d token=\(Self.reader)").status
                    == 403)
            let huge = "-H 'Expect:' -d token=\(String(repeating: "a", count: 5000))"
            #expect(try service.ask("/gallery/sign-in", token: nil, huge).status == 413)

            let right = try service.ask("/gallery/sign-in", token: nil, "-d token=\(Self.reader)")
            #expect(right.status == 303 && field("location", right.headers) == "./")
            let header = try #require(field("set-cookie", right.headers))
            for part in ["; path=/", "; httponly", "; samesite=strict", "; max-age=2592000"] {
                #expect(header.contains(part), "\(part)")
            }
            #expect(!header.contains("secure") && !header.contains(Self.reader))
            let behindTLS = try service.ask(
                "/gallery/sign-in", token: nil, "-H 'X-Forwarded-Proto: https' -d token=\(Self.reader)")
            #expect(field("set-cookie", behindTLS.headers)?.hasSuffix("; secure") == true)

            let cookie = "-H 'Cookie: \(header.prefix { $0 != ";" })'"
            for path in ["/gallery/", "/gallery/manifest.json", "/api/outputs", "/api/audit"] {
                #expect(try service.ask(path, token: nil, cookie).status == 200, "\(path)")
            }
            #expect(try service.ask("/gallery/sign-in", token: nil, cookie).body.contains("Sign out"))
            // Nothing is changed by a cookie, not even one of an admin's token.
            let admin = try service.ask("/gallery/sign-in", token: nil, "-d token=\(Self.admin)")
            let adminCookie = "-H 'Cookie: \(try #require(field("set-cookie", admin.headers)).prefix { $0 != ";" })'"
            #expect(try service.ask("/api/outputs", token: nil, adminCookie).status == 200)
            for cookie in [cookie, adminCookie] {
                #expect(
                    try service.ask("/api/tasks", token: nil, cookie + #" -d '{"tasks":[{"task_id":"task-a"}]}'"#).status == 401)
            }
            let out = try service.ask("/gallery/sign-out", token: nil, cookie + " -X POST")
            #expect(out.status == 303 && field("set-cookie", out.headers)?.hasPrefix("fixative_reader=; max-age=0;") == true)
        }
    }

    @Test func theGalleryIsOpenWithoutAToken() async throws {
        try await withService(tasks: 1, tokens: [:]) { service in
            let (page, signIn) = (try service.ask("/gallery/", token: nil), try service.ask("/gallery/sign-in", token: nil))
            #expect(page.status == 200 && signIn.status == 303)
        }
    }
}
