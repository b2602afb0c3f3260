package import ArchiveModel
package import BlobStore
package import Catalog
package import Foundation
package import Gallery
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
package import Telemetry

/// Serves the archive over HTTP: an API for readers, the upstream's webhook, and health.
///
/// Listens from the start. Until ``open(_:)`` is called, for example while the archive can't be opened, it answers health checks,
/// passes the gateway through, and answers everything else with 503 and `Retry-After`.
package struct ArchiveServer: Service {
    package struct Options: Sendable {
        package var host: String
        /// 0 for any free port.
        package var port: Int
        package var access: AccessControl
        /// Without secrets, callbacks are rejected.
        package var hooks: HookSecrets
        /// The current setting: seconds before its deadline from which a waiting item is at risk.
        package var riskTime: @Sendable () -> TimeInterval
        /// Limits on the cost of a connection.
        package var limits = ConnectionLimits()

        package init(
            host: String, port: Int, access: AccessControl, hooks: HookSecrets,
            riskTime: @autoclosure @escaping @Sendable () -> TimeInterval = 7200
        ) {
            self.host = host
            self.port = port
            self.access = access
            self.hooks = hooks
            self.riskTime = riskTime
        }

        /// Whether a server at this address can only be reached from this machine.
        package static func isLoopback(_ host: String) -> Bool { ["127.0.0.1", "::1", "localhost"].contains(host) }
    }

    /// An open archive with everything needed to serve it.
    package struct Archive: Sendable {
        var blobs: any BlobStore
        var records: any RecordStore
        var catalog: any Catalog
        var hints: any TaskHints
        var gallery: LiveGallery?
        var register: @Sendable ([TaskRegistration]) async throws -> Void

        /// - Parameters:
        ///   - hints: Stores tasks that only a callback has named.
        ///   - gallery: The pages of `/gallery/`; `nil` for none.
        ///   - register: Registers tasks; durable when it returns.
        package init(
            blobs: any BlobStore, records: any RecordStore, catalog: any Catalog, hints: any TaskHints, gallery: LiveGallery?,
            register: @escaping @Sendable ([TaskRegistration]) async throws -> Void
        ) {
            self.blobs = blobs
            self.records = records
            self.catalog = catalog
            self.hints = hints
            self.gallery = gallery
            self.register = register
        }
    }

    private let options: Options
    private let clock: any WallClock
    private let health: SourceHealth
    private let gateway: Gateway?
    private let registry: PrometheusRegistry
    private let version: String
    private let state: ServerState
    private let application: any ApplicationProtocol & Sendable

    /// - Parameters:
    ///   - health: State of the other parts of the service.
    ///   - gateway: Proxy for the upstream's API; `nil` for none.
    ///   - registry: The metrics shown at `/metrics`; requests are counted there too.
    ///   - onListening: Called with the port once it is bound.
    package init(
        _ options: Options, clock: any WallClock, health: SourceHealth, gateway: Gateway? = nil, registry: PrometheusRegistry,
        version: String, logger: Logger, onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.options = options
        self.clock = clock
        self.health = health
        self.gateway = gateway
        self.registry = registry
        self.version = version
        options.access.log(to: logger)
        let limits = options.limits.fitting(
            openFiles: OpenFiles.allow(options.limits.connections + options.limits.reserve + OpenFiles.others))
        let table = ConnectionTable(limits)
        let common = CommonRoutes(options: options, gateway: gateway, registry: registry)
        let closed = common.router()
        HealthRoutes(archive: nil, clock: clock, options: options, health: health).add(to: closed)
        ClosedRoutes().add(to: closed)
        state = ServerState(closed.buildResponder())
        application = Application(
            responder: CallbackResponder { [state] in try await state.responder.respond(to: $0, context: $1) },
            // Well-behaved clients stay below 16 KiB of headers, and do not leave a connection silent for a minute.
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ConnectionGuard(limits, table: table)], idleTimeout: TimeAmount(limits.idle),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 100))),
            configuration: ApplicationConfiguration(
                address: .hostname(options.host, port: options.port),
                // The connection table rejects earlier. This limit bounds connections that it has not closed yet.
                availableConnectionsDelegate: .maximum(limits.connections + 2 * limits.reserve, logger: logger)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? options.port) }, logger: logger)
    }

    /// Every route, for comparison with the OpenAPI document; empty before ``open(_:)``.
    package var routes: [ServedRoute] { state.routes }

    /// Starts serving an archive.
    package func open(_ archive: Archive) {
        let router = CommonRoutes(options: options, gateway: gateway, registry: registry).router()
        let (blobs, catalog, access) = (archive.blobs, archive.catalog, options.access)
        HealthRoutes(archive: (blobs, catalog), clock: clock, options: options, health: health).add(to: router)
        HookRoutes(secrets: options.hooks, access: access, clock: clock, hints: archive.hints, register: archive.register)
            .add(to: router)
        let readers = router.group().add(middleware: ScopeMiddleware(access: access, scope: .read))
        BlobRoutes(blobs: blobs, catalog: catalog).add(to: readers)
        if let gallery = archive.gallery {
            // A bare address typed into a browser should show the gallery.
            router.get("/") { _, _ in
                Response(status: .temporaryRedirect, headers: [.location: "gallery/", .cacheControl: "no-cache"])
            }
            GalleryRoutes(gallery: gallery, blobs: BlobRoutes(blobs: blobs, catalog: catalog), access: access).add(to: router)
        }
        OutputRoutes(catalog: catalog, records: archive.records, clock: clock).add(to: readers.group("api"))
        MetricsRoutes(registry: registry, catalog: catalog, clock: clock, riskTime: options.riskTime, version: version)
            .add(to: readers)
        TaskRoutes(catalog: catalog, clock: clock, register: archive.register)
            .add(to: router.group("api").add(middleware: ScopeMiddleware(access: access, scope: .admin)))
        let routes = router.finish()
        state.serve(router.buildResponder(), routes)
    }

    /// Serves until the service group shuts down gracefully.
    package func run() async throws { try await application.run() }
}

/// The routes served at the moment.
private final class ServerState: Sendable {
    private struct Current {
        var responder: any HTTPResponder<ServerContext>
        var routes: [ServedRoute] = []
    }

    private let current: Mutex<Current>

    init(_ responder: any HTTPResponder<ServerContext>) { current = Mutex(Current(responder: responder)) }

    var responder: any HTTPResponder<ServerContext> { current.withLock { $0.responder } }
    var routes: [ServedRoute] { current.withLock { $0.routes } }

    func serve(_ responder: any HTTPResponder<ServerContext>, _ routes: [ServedRoute]) {
        current.withLock { $0 = Current(responder: responder, routes: routes) }
    }
}

/// Routes served both with and without an open archive.
private struct CommonRoutes {
    let options: ArchiveServer.Options
    let gateway: Gateway?
    let registry: PrometheusRegistry

    func router() -> Router<ServerContext> {
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestMetricsMiddleware(metrics: ArchiveMetrics(registry)))
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: HostMiddleware(host: options.host, access: options.access))
        router.add(middleware: PercentDecodingMiddleware())
        OpenAPIRoute().add(to: router)
        gateway?.add(to: router)
        return router
    }
}

/// Answers every route that needs an open archive, while there is none.
private struct ClosedRoutes {
    func add(to router: Router<ServerContext>) {
        for method in [HTTPRequest.Method.get, .post] {
            for path in ["/", "hooks/**", "api/**", "blobs/**", "thumbs/**", "gallery", "gallery/**", "metrics"] {
                router.on(RouterPath(path), method: method) { _, _ -> Response in
                    throw Problem(
                        .serviceUnavailable, "The archive can't be opened now; the log and /readyz say why.",
                        headers: [.retryAfter: "15"])
                }
            }
        }
    }
}
