/// Why a decoder gave no answer about a picture. It says nothing of the picture, which may be sound: the cause is ours.
package struct DecoderFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable, Codable {
        /// The process ended in the middle of the picture.
        case crashed
        /// It asked the kernel for what a decoder has no use for.
        case forbiddenCall
        /// It had not answered when its time was over.
        case timeLimit
        /// It wanted more memory than it may have.
        case memoryLimit
        /// It answered what no decoder answers.
        case badAnswer
        /// No process could be started, or it could not be shut in.
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
