/// Limits after which a connection is refused or closed.
package struct ConnectionLimits: Sendable {
    /// Maximum number of open connections in total.
    package var connections = 1024
    /// Maximum number of open connections per client address, so that others still get a slot.
    package var perAddress = 512
    /// Additional connections for `/healthz` only, so that monitoring still works when the server is full.
    package var reserve = 32
    /// Time from the first byte of a request to the end of its head, however the bytes arrive.
    package var head = Duration.seconds(10)
    /// The same for a connection from the reserve, measured from its start.
    package var reserveHead = Duration.seconds(3)
    /// Time from the first byte of a request to the end of its body.
    package var body = Duration.seconds(30)
    /// The same for requests passed on to the upstream, which have larger bodies.
    package var gatewayBody = Duration.seconds(120)
    /// Minimum rate of such a body, in bytes per second over ``slowestTime``: it holds a connection to the upstream meanwhile.
    package var slowestRate = 1024
    package var slowestTime = Duration.seconds(30)
    /// Longest time without a request.
    package var idle = Duration.seconds(60)
    /// Time within which the client must read a part of an answer: 256 KiB of a file.
    package var write = Duration.seconds(60)

    package init() {}

    /// Value of `Retry-After` in seconds when the server is full.
    static let pause = 5

    /// Lowers the number of connections to fit the process's limit of open files.
    func fitting(openFiles: Int) -> ConnectionLimits {
        var limits = self
        limits.connections = min(connections, max(openFiles / 4, openFiles - OpenFiles.others - reserve))
        limits.perAddress = min(perAddress, limits.connections)
        return limits
    }
}
