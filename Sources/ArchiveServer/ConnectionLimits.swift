/// What a connection may cost before it is closed.
package struct ConnectionLimits: Sendable {
    /// Open at once; further ones wait in the system's queue.
    package var connections = 1024
    /// From the first byte of a request to the end of its head, however the bytes come.
    package var head = Duration.seconds(10)
    /// From the first byte of a request to the end of its body.
    package var body = Duration.seconds(30)
    /// The same for what is passed on to the upstream, with its larger bodies.
    package var gatewayBody = Duration.seconds(120)
    /// Without a request.
    package var idle = Duration.seconds(60)
    /// In which a part of an answer has to be taken: 256 KiB of a file.
    package var write = Duration.seconds(60)

    package init() {}
}
