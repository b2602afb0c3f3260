/// What a connection may cost before it is closed.
package struct ConnectionLimits: Sendable {
    /// Open at once, from all addresses.
    package var connections = 1024
    /// Open at once from one address: another one must still find a place.
    package var perAddress = 512
    /// Open at once beyond those, for requests of `/healthz` alone: whoever watches the service still reaches it when it is full.
    package var reserve = 32
    /// From the first byte of a request to the end of its head, however the bytes come.
    package var head = Duration.seconds(10)
    /// The same for a connection from the reserve, where it runs from the start.
    package var reserveHead = Duration.seconds(3)
    /// From the first byte of a request to the end of its body.
    package var body = Duration.seconds(30)
    /// The same for what is passed on to the upstream, with its larger bodies.
    package var gatewayBody = Duration.seconds(120)
    /// Without a request.
    package var idle = Duration.seconds(60)
    /// In which a part of an answer has to be taken: 256 KiB of a file.
    package var write = Duration.seconds(60)

    package init() {}

    /// Seconds after which a client that found the server full may come again.
    static let pause = 5

    /// Fewer connections where the process may not have so many files open.
    func fitting(openFiles: Int) -> ConnectionLimits {
        var limits = self
        limits.connections = min(connections, max(openFiles / 4, openFiles - OpenFiles.others - reserve))
        limits.perAddress = min(perAddress, limits.connections)
        return limits
    }
}
