/// Why the simulated service could not be started.
package struct SimulatorError: Error, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The folder of pictures can't be listed.
        case unreadableFolder
        /// The folder contains no PNG, JPEG or WebP.
        case noPictures
        /// A picture in the folder can't be read any more.
        case unreadablePicture
        /// ``UpstreamSimulator/run()`` ended before the server listened, or was called a second time.
        case notRunning
    }

    package let code: Code
    /// The affected path, if any.
    package let path: String?
    package let cause: (any Error)?

    init(_ code: Code, path: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.path = path
        self.cause = cause
    }

    package var description: String {
        let place = path.map { " '\($0)'" } ?? ""
        let reason = cause.map { ": \($0)" } ?? ""
        return switch code {
        case .unreadableFolder: "the folder\(place) can't be listed\(reason); check the path and its permissions"
        case .noPictures: "the folder\(place) contains no PNG, JPEG or WebP picture; choose another folder"
        case .unreadablePicture: "the picture\(place) can't be read\(reason)"
        case .notRunning: "the simulator is not running\(reason)"
        }
    }
}
