import ArchiveModel
import Foundation
import SizeContract

/// How a task ends.
enum TaskOutcome: Sendable, Hashable {
    case completed
    case failed(TaskFailure)
    case cancelled
}

/// Why a task failed, in the service's words.
struct TaskFailure: Sendable, Hashable {
    let code: String
    let message: String
    let suggestion: String

    static let stock = [
        TaskFailure(
            code: "content_policy_violation", message: "The prompt was refused by the safety system.",
            suggestion: "Rephrase the prompt and create a new task."),
        TaskFailure(
            code: "upstream_timeout", message: "The provider did not finish the picture in time.",
            suggestion: "Create the task again; nothing was charged."),
        TaskFailure(
            code: "image_download_failed", message: "A reference image could not be downloaded.",
            suggestion: "Check that every image URL is directly downloadable."),
    ]
}

/// Where the bytes of a result come from.
enum Content: Sendable, Hashable {
    case made(seed: UInt64)
    case file(path: String)
}

/// One result, before its bytes exist.
struct Delivery: Sendable, Hashable {
    let size: PixelSize?
    let format: PictureFormat
    let content: Content
    /// The content type that the storage declares, which need not be true.
    let contentType: String
    /// The ending of the link, likewise.
    let ending: String
}

/// One task of the account. All of it is decided when the task is created; only the clock moves it on.
struct TaskEntry: Sendable {
    enum Status: String, Sendable {
        case pending, processing, completed, failed, cancelled

        var isFinal: Bool { self != .pending && self != .processing }
    }

    let id: String
    /// The order of creation, for tasks of the same second.
    let serial: Int
    let request: SimulatedRequest
    let created: Date
    let finishes: Date
    let outcome: TaskOutcome
    let deliveries: [Delivery]
    let fate: TaskFate

    func status(at now: Date) -> Status {
        guard now >= finishes else { return share(at: now) < 0.15 ? .pending : .processing }
        return switch outcome {
        case .completed: .completed
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }

    /// 0...100.
    func progress(at now: Date) -> Int {
        switch status(at: now) {
        case .pending: 0
        case .processing: min(99, Int(share(at: now) * 100))
        case .completed: 100
        case .failed, .cancelled: 60
        }
    }

    /// The part of the generation time that has passed.
    private func share(at now: Date) -> Double {
        let whole = finishes.timeIntervalSince(created)
        return whole > 0 ? max(0, now.timeIntervalSince(created) / whole) : 1
    }

    /// What the task has cost by `now`: nothing until it is completed.
    func used(at now: Date) -> Credits { status(at: now) == .completed ? request.price : Credits(tenths: 0) }

    /// What is set aside for it at `now`.
    func reserved(at now: Date) -> Credits { status(at: now).isFinal ? Credits(tenths: 0) : request.price }

    var simulated: SimulatedTask? {
        guard let id = TaskID(id) else { return nil }
        let outputs = deliveries.enumerated().map {
            SimulatedOutput(index: $0.offset, size: $0.element.size, format: $0.element.format)
        }
        return SimulatedTask(id: id, request: request, created: created, outputs: outputs, fate: fate)
    }
}
