import Foundation
import Hummingbird
import Logging

/// A storage host on loopback that answers as told.
func withStorageHost<Value: Sendable>(
    posts: Bool = false, _ answer: @escaping @Sendable (Request) async throws -> Response,
    _ body: @escaping @Sendable (_ url: String) async throws -> Value
) async throws -> Value {
    let router = Router()
    router.get("**") { request, _ in try await answer(request) }
    if posts { router.post("**") { request, _ in try await answer(request) } }
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let application = Application(
        router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) },
        logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await application.run() }
        var bound = 0
        for await number in ports {
            bound = number
            break
        }
        let value = try await body("http://127.0.0.1:\(bound)")
        group.cancelAll()
        return value
    }
}
