package import BlockingThreads

/// The threads that parse bodies of requests. Parsing a large body takes too long for the cooperative thread pool.
///
/// Callers with their own keys share one thread: they are parsed before the upstream has checked their keys.
package struct GatewayParsers: Sendable {
    let own: BlockingThreadPool
    let strangers: BlockingThreadPool

    package init(
        own: BlockingThreadPool = .init(name: "parser", width: BlockingThreadPool.processors),
        strangers: BlockingThreadPool = .init(name: "parser", width: 1)
    ) {
        self.own = own
        self.strangers = strangers
    }
}
