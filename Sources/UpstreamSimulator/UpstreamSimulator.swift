import ArchiveModel
import AsyncHTTPClient
import Foundation
import Hummingbird
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Simulates the upstream image-generation API and its storage host, for demonstrations and tests.
///
/// It serves the API's documented calls under `/v1` and the results under `/files`, over plain HTTP and by default on loopback.
/// One simulator is one account, whatever the key; ``KeyRule`` decides which keys are accepted. Results are drawn on first
/// request, and nothing is written to disk.
///
/// The content depends only on ``SimulatorOptions/seed``: two simulators with the same seed have the same tasks, bytes and
/// faults. Only times, and the expiry and signature of links, depend on the clock.
package final class UpstreamSimulator: Service {
    private let account: Account
    private let callbacks: CallbackSender
    private let recordedViolations: NIOLockedValueBox<[Violation]>
    private let app: Application<RouterResponder<BasicRequestContext>>
    private let port: OneShot<Int>
    private let base: NIOLockedValueBox<String>
    private let wasRun = NIOLockedValueBox(false)
    private let picturesInFolder: Int?

    /// - Parameters:
    ///   - pictures: Draws the results; not used if ``SimulatorOptions/images`` names a folder.
    ///   - callbackPoster: Sends callbacks; `nil` sends them over the network.
    ///   - logger: Logs nothing by default, since a default logger would write to stdout.
    /// - Throws: ``SimulatorError`` if the folder of pictures can't be listed or contains none.
    package init(
        options: SimulatorOptions, pictures: any PictureSource, callbackPoster: (any CallbackPoster)? = nil,
        logger: Logger = Logger(label: "upstream-simulator", factory: { _ in SwiftLogNoOpLogHandler() })
    ) throws(SimulatorError) {
        let folder: [FolderPicture]
        if let path = options.images { folder = try FolderPicture.all(in: path) } else { folder = [] }
        picturesInFolder = options.images == nil ? nil : folder.count
        let account = Account(options: options, folder: folder)
        let plan = FaultPlan(profile: options.faults, seed: options.seed)
        let signer = LinkSigner(seed: options.seed)
        let host = options.host.contains(":") ? "[\(options.host)]" : options.host
        let base = NIOLockedValueBox("http://\(host):\(options.port)")
        let answers = TaskAnswer(profile: options.faults, seed: options.seed, billing: BillingPlan(options))
        let links = ResultLinks(
            account: account, signer: signer, lifetime: TimeInterval(options.linkLifetime), base: base)
        let tasks = TaskController(
            account: account, answers: answers, links: links, plan: plan, clock: options.clock, lists: AttemptCounter())
        let callbacks = CallbackSender(clock: options.clock, logger: logger) {
            if let callbackPoster { return (callbackPoster, {}) }
            let client = HTTPClient(
                eventLoopGroupProvider: .singleton, configuration: HTTPClient.Configuration(redirectConfiguration: .disallow))
            return (NetworkPoster(client: client), { try? await client.shutdown() })
        } body: { entry in
            try await tasks.answer(entry).text()
        }
        let violations = NIOLockedValueBox<[Violation]>([])

        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: UnknownPath())
        let api = router.group("v1")
            .add(middleware: BearerAuthentication(keys: options.keys))
            .add(middleware: APIFaults(plan: plan, attempts: AttemptCounter(), clock: options.clock))
        GenerationController(
            account: account, answers: answers, callbacks: callbacks, allowInternalCallbacks: options.allowInternalCallbacks
        ).add(to: api)
        tasks.add(to: api)
        CreditsController(account: account).add(to: api)
        FileController(
            account: account, shelf: PictureShelf(source: pictures), signer: signer, plan: plan, attempts: AttemptCounter(),
            clock: options.clock, base: base, violations: violations
        ).add(to: router)

        let port = OneShot<Int>()
        app = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname(options.host, port: options.port)),
            services: [
                callbacks,
                AccountActivity(account: account, clock: options.clock, completionsPerMinute: options.completionsPerMinute),
            ],
            onServerRunning: { channel in
                let bound = channel.localAddress?.port ?? options.port
                base.withLockedValue { $0 = "http://\(host):\(bound)" }
                port.resolve(.success(bound))
            },
            logger: logger)
        (self.account, self.callbacks) = (account, callbacks)
        (self.base, self.port) = (base, port)
        recordedViolations = violations
    }

    // MARK: Running

    /// Serves until the service group shuts down gracefully or the task is cancelled. Can run only once.
    ///
    /// - Throws: The error that kept the server from listening, such as a port in use; ``SimulatorError`` if called again.
    package func run() async throws {
        let isFirst = wasRun.withLockedValue { wasRun in
            defer { wasRun = true }
            return !wasRun
        }
        guard isFirst else { throw SimulatorError(.notRunning) }
        do {
            try await app.run()
            port.resolve(.failure(SimulatorError(.notRunning)))
        } catch {
            port.resolve(.failure(SimulatorError(.notRunning, cause: error)))
            throw error
        }
    }

    /// The bound port; waits until the server listens.
    ///
    /// - Throws: ``SimulatorError`` if ``run()`` ended before that; `CancellationError` if the task is cancelled.
    package func boundPort() async throws -> Int { try await port.value() }

    /// `http://host:port`; waits until the server listens. Throws like ``boundPort()``.
    package func baseURL() async throws -> String {
        _ = try await port.value()
        return base.withLockedValue { $0 }
    }

    // MARK: Account

    /// Adds completed tasks with requests, created over the last 20 hours. Their callbacks are not sent.
    ///
    /// - Parameter count: Number of tasks. Ignored with a folder of pictures, which gives one task per picture, in order.
    /// - Returns: The new tasks, oldest first. Under `hostile` faults, some results can't be downloaded; see
    ///   ``SimulatedTask/fate``.
    @discardableResult
    package func populate(tasks count: Int) async throws -> [SimulatedTask] {
        await account.populate(picturesInFolder ?? max(0, count)).compactMap(\.simulated)
    }

    /// Every task of the account, newest first, including vanished ones.
    package func allTasks() async -> [SimulatedTask] {
        await account.list(Account.Filter(), page: 1, pageSize: .max).rows.compactMap(\.simulated)
    }

    // MARK: Client behaviour

    /// Clients' mistakes that would be harmful with the real service; empty for a correct client.
    package var violations: [Violation] { recordedViolations.withLockedValue { $0 } }

    /// All attempts at delivering callbacks so far.
    package var callbackAttempts: [CallbackAttempt] { callbacks.log }

    /// The server without its background services, for tests that need no network.
    var applicationForTests: some ApplicationProtocol {
        var bare = app
        bare.services = []
        return bare
    }
}
