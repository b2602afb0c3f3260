/// Why a worker gave no answer about a picture. The picture itself may be valid: the cause is on our side.
package struct DecoderFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable, Codable {
        /// The process ended while it worked on the picture.
        case crashed
        /// The process made a system call that the sandbox forbids.
        case forbiddenCall
        /// The process did not answer before the timeout.
        case timeLimit
        /// The process needed more memory than its limit.
        case memoryLimit
        /// The process sent an answer that is not valid.
        case badAnswer
        /// No process could be started, or the sandbox could not be set up.
        case unavailable
    }

    package var code: Code
    package var detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    package var description: String {
        let text =
            switch code {
            case .crashed: "the decoder crashed"
            case .forbiddenCall: "the decoder made a forbidden system call"
            case .timeLimit: "the decoder exceeded its time limit"
            case .memoryLimit: "the decoder exceeded its memory limit"
            case .badAnswer: "the decoder's answer is invalid"
            case .unavailable: "no decoder process is available"
            }
        return detail.isEmpty ? text : "\(text): \(detail)"
    }
}
