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
package import Telemetry

/// The archive over HTTP: an API for readers, the upstream's webhook, and health.
package struct ArchiveServer: Service {
    package struct Options: Sendable {
        package var host: String
        /// 0 for any that is free.
        package var port: Int
        package var access: AccessControl
        /// Without any there is no webhook.
        package var hooks: HookSecrets
        /// Seconds before its deadline from which on something that still waits is at risk.
        package var riskTime: TimeInterval
        /// What a connection may cost.
        package var limits = ConnectionLimits()

        package init(host: String, port: Int, access: AccessControl, hooks: HookSecrets, riskTime: TimeInterval = 7200) {
            self.host = host
            self.port = port
            self.access = access
            self.hooks = hooks
            self.riskTime = riskTime
        }

        /// Whether only this machine reaches a server at that address.
        package static func isLoopback(_ host: String) -> Bool { ["127.0.0.1", "::1", "localhost"].contains(host) }
    }

    /// Every route, as the OpenAPI document has to tell them.
    package let routes: [ServedRoute]
    private let application: any ApplicationProtocol & Sendable
    private let openFiles: Int

    /// - Parameters:
    ///   - gallery: The pages of `/gallery/`, when there are to be any.
    ///   - register: Takes up tasks; durable when it returns.
    ///   - health: How the other parts of the service are.
    ///   - gateway: The upstream's API, passed through; `nil` for none.
    ///   - registry: What `/metrics` shows, and where the requests are counted.
    ///   - onListening: Told the port as soon as it is bound.
    package init(
        _ options: Options, blobs: any BlobStore, records: any RecordStore, catalog: any Catalog, clock: any WallClock,
        gallery: LiveGallery? = nil,
        register: @escaping @Sendable ([TaskRegistration]) async throws -> Void,
        health: SourceHealth, gateway: Gateway? = nil, registry: PrometheusRegistry, version: String, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestMetricsMiddleware(metrics: ArchiveMetrics(registry)))
        router.add(middleware: ProblemMiddleware())
        if !options.access.isGuarded { router.add(middleware: HostMiddleware(host: options.host)) }
        router.add(middleware: LegibleRequestMiddleware())
        OpenAPIRoute().add(to: router)
        HealthRoutes(
            catalog: catalog, blobs: blobs, clock: clock, riskTime: options.riskTime, access: options.access, health: health
        ).add(to: router)
        gateway?.add(to: router)
        if !options.hooks.isEmpty { HookRoutes(secrets: options.hooks, clock: clock, register: register).add(to: router) }
        let readers = router.group().add(middleware: ScopeMiddleware(access: options.access, scope: .read))
        BlobRoutes(blobs: blobs, catalog: catalog).add(to: readers)
        if let gallery {
            // Who types the address alone wants to look.
            router.get("/") { _, _ in
                Response(status: .temporaryRedirect, headers: [.location: "gallery/", .cacheControl: "no-cache"])
            }
            GalleryRoutes(gallery: gallery, blobs: BlobRoutes(blobs: blobs, catalog: catalog), access: options.access).add(
                to: router)
        }
        OutputRoutes(catalog: catalog, records: records).add(to: readers.group("api"))
        MetricsRoutes(registry: registry, catalog: catalog, clock: clock, riskTime: options.riskTime, version: version)
            .add(to: readers)
        TaskRoutes(catalog: catalog, clock: clock, register: register)
            .add(to: router.group("api").add(middleware: ScopeMiddleware(access: options.access, scope: .admin)))
        routes = router.finish()
        openFiles = options.limits.connections + OpenFiles.others
        application = Application(
            router: router,
            // Headers beyond 16 KiB, and connections that say nothing for a minute, are nobody's that means well.
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ConnectionGuard(options.limits)], idleTimeout: TimeAmount(options.limits.idle),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 100))),
            configuration: ApplicationConfiguration(
                address: .hostname(options.host, port: options.port),
                availableConnectionsDelegate: .maximum(options.limits.connections, logger: logger)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? options.port) }, logger: logger)
    }

    /// Serves until the surrounding group shuts down gracefully.
    package func run() async throws {
        OpenFiles.allow(openFiles)
        try await application.run()
    }
}
