import ArchiveModel
import Foundation
import GenerationAPI
import Secrets
import SizeContract
import Testing

@Suite struct GenerationRequestTests {
    private func problems(_ change: (inout GenerationRequest) -> Void) -> [RequestProblem] {
        var request = GenerationRequest(prompt: "a fox")
        change(&request)
        return request.problems()
    }

    @Test func aValidRequestMayBeSent() {
        #expect(problems { _ in } == [])
        #expect(
            problems {
                $0.size = "21:9"
                $0.resolution = "4K"
                $0.imageURLs = (1...16).map { "https://pictures.example/\($0).WebP?size=2" }
                $0.callbackURL = "https://hooks.example/" + String(repeating: "x", count: 2048 - 22)
            } == [])
    }

    @Test func anEmptyPromptIsRefused() { #expect(problems { $0.prompt = " \n" } == [.emptyPrompt]) }

    @Test func aSizeOutsideTheLimitsIsRefusedWithItsReason() {
        #expect(problems { $0.size = "17:3" } == [.size(.unknownRatio("17:3"))])
        #expect(problems { $0.size = "1000x1024" } == [.size(.offGrid(side: 1000, grid: 16))])
        #expect(problems { $0.resolution = "8K" } == [.size(.unknownResolution("8K"))])
    }

    @Test func seventeenReferenceImagesAreTooMany() {
        #expect(problems { $0.imageURLs = Array(repeating: "https://a.example/x.png", count: 17) } == [.tooManyImages(17)])
    }

    @Test(arguments: ["https://a.example/x.gif", "ftp://a.example/x.png", "x.png", "https://a.example/png", "https:///x.png"])
    func anUnsupportedReferenceImageIsRefused(_ url: String) {
        #expect(problems { $0.imageURLs = [url] }.count == 1)
    }

    @Test(
        arguments: [
            "http://hooks.example/x", "https://127.0.0.1/x", "https://10.1.2.3/", "https://172.16.0.1/", "https://192.168.1.1/",
            "https://localhost/", "https://LOCALHOST:8443/", "https://printer.local/", "https://[::1]/", "https://2130706433/",
            "https://0x7f.1/", "https://service.internal./", "hooks.example",
            "https://hooks.example/" + String(repeating: "x", count: 2027),
        ])
    func aCallbackTheUpstreamWouldRefuseIsRefused(_ url: String) {
        #expect(problems { $0.callbackURL = url }.count == 1)
    }

    @Test func aRecordedRequestHasNoQueries() {
        var request = GenerationRequest(prompt: "a fox")
        request.imageURLs = ["https://a.example/x.png?sig=s3cret"]
        let recorded = request.recorded(at: Date(milliseconds: 0))
        #expect(recorded.imageURLs == ["https://a.example/x.png"])
        #expect(recorded.size == "auto")
    }
}

@Suite struct APIKeyTests {
    private let secret = "sk-0123456789abcdef"

    @Test func aKeyIsNeverPrinted() throws {
        let key = try #require(APIKey(secret))
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), String(describing: [key]), dumped] { #expect(!text.contains(secret)) }
    }

    @Test func theKeyComesFromTheEnvironmentOrAFile() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID().uuidString)")
        try Data("\(secret)\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        func found(_ environment: [String: String]) throws -> String? { try APIKey.find(in: environment)?.unsafeSecret }
        #expect(try found(["FIXATIVE_API_KEY": "one-key", "EVOLINK_API_KEY": "two-key"]) == "one-key")
        #expect(try found(["FIXATIVE_API_KEY": "", "EVOLINK_API_KEY": "two-key"]) == "two-key")
        #expect(try found(["FIXATIVE_API_KEY_FILE": file.path]) == secret)
        #expect(try found([:]) == nil)
        #expect(throws: KeyProblem.self) { try found(["FIXATIVE_API_KEY_FILE": "/nowhere"]) }
        let error = #expect(throws: KeyProblem.self) { try found(["FIXATIVE_API_KEY": "\(secret)\r\nX: y"]) }
        #expect(error?.description.contains(secret) == false)
    }

    @Test(arguments: [(0o600, true), (0o400, true), (0o640, true), (0o660, true), (0o644, false), (0o602, false), (0o604, false)])
    func aKeyFileReadableByEverybodyIsRefused(_ mode: Int, _ isFine: Bool) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (file, link) = (folder.appending(path: "key").path, folder.appending(path: "link").path)
        try Data("\(secret)\n".utf8).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
        for path in [file, link] {
            let environment = ["FIXATIVE_API_KEY_FILE": path]
            if isFine {
                #expect(try APIKey.find(in: environment)?.unsafeSecret == secret)
            } else {
                let problem = #expect(throws: KeyProblem.self) { try APIKey.find(in: environment) }
                #expect(problem?.description.contains("chmod 600 \(path)") == true)
                #expect(problem?.description.contains(secret) == false)
            }
        }
    }

    @Test func aMissingKeyFileAndAFolderAreReported() {
        let folder = #expect(throws: KeyProblem.self) { try APIKey.find(in: ["FIXATIVE_API_KEY_FILE": "/tmp"]) }
        #expect(folder?.description.contains("it is a folder") == true)
        let missing = #expect(throws: KeyProblem.self) { try APIKey.find(in: ["FIXATIVE_API_KEY_FILE": "/nowhere"]) }
        #expect(missing?.description.contains("no such file") == true)
    }
}
