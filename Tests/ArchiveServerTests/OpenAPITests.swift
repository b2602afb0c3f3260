import ArchiveModel
import ArchiveServer
import Foundation
import SizeContract
import Testing

/// The document describes what is served, and nothing else.
@Suite struct OpenAPITests {
    private func document(_ server: TestServer) async throws -> JSONValue {
        let answer = try await server.ask("GET", "/openapi.json", token: nil)
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "application/json")
        return try JSONDecoder().decode(JSONValue.self, from: Data(answer.body.utf8))
    }

    private func members(_ value: JSONValue?) -> [String: JSONValue] {
        guard case .object(let members) = value else { return [:] }
        return members
    }

    @Test func theOpenAPIDocumentMatchesTheServedRoutes() async throws {
        try await TestServer.run { server in
            let methods: Set = ["get", "head", "post", "put", "patch", "delete", "options", "trace"]
            var described: Set<ServedRoute> = []
            let paths = try await document(server)["paths"]
            for (path, item) in members(paths) {
                for method in members(item).keys where methods.contains(method) {
                    described.insert(ServedRoute(method: method.uppercased(), path: path))
                }
            }
            // OpenAPI has no word for the rest of a path.
            let served = Set(
                server.server.routes.map {
                    ServedRoute(method: $0.method, path: $0.path.replacing("/**", with: "/{path}"))
                })
            #expect(served.subtracting(described) == [], "not in Sources/ArchiveServer/Assets/openapi.json")
            #expect(described.subtracting(served) == [], "described but not served")
            #expect(described.count > 10)
        }
    }

    @Test func theOpenAPIEnumsMatchTheProgram() async throws {
        try await TestServer.run { server in
            let schemas = try await document(server)["components"]?["schemas"]
            for (name, words) in [
                ("OutputState", OutputState.allCases.map(\.rawValue)), ("TaskState", TaskState.allCases.map(\.rawValue)),
                ("Verdict", Verdict.allCases.map(\.rawValue)), ("Tier", Tier.allCases.map(\.rawValue)),
            ] {
                #expect(schemas?[name]?["enum"]?.array?.compactMap(\.string).sorted() == words.sorted(), "\(name)")
            }
            #expect(
                schemas?["Record"]?["properties"]?["format"]?["enum"]?.array?.compactMap(\.string)
                    == [ArchiveRecord.unsealedFormat, ArchiveRecord.currentFormat])
        }
    }
}
