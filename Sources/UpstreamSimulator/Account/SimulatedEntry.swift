import ArchiveModel
import Foundation
import SizeContract

/// The final result of a task.
enum SimulatedOutcome: Sendable, Hashable {
    case completed
    case failed(TaskFailure)
    case cancelled
}

/// Why a task failed, in the service's error format.
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

/// The source of a result's bytes.
enum Content: Sendable, Hashable {
    case made(seed: UInt64)
    case file(path: String)
}

/// A result whose bytes have not been made yet.
struct Delivery: Sendable, Hashable {
    let size: PixelSize?
    let format: PictureFormat
    let content: Content
    /// The content type declared by the storage; may be wrong.
    let contentType: String
    /// The extension in the link; may be wrong.
    let ending: String
}

/// A task of the account. Everything is decided at its creation; afterwards only time changes its status.
struct SimulatedEntry: Sendable {
    enum Status: String, Sendable {
        case pending, processing, completed, failed, cancelled

        var isFinal: Bool { self != .pending && self != .processing }
    }

    let id: String
    /// Creation order of tasks with the same creation time.
    let serial: Int
    let request: SimulatedRequest
    let created: Date
    let finishes: Date
    let outcome: SimulatedOutcome
    let deliveries: [Delivery]
    let fate: TaskFate
    /// The charge for the call once it has ended.
    let charge: Credits

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

    /// Elapsed fraction of the generation time.
    private func share(at now: Date) -> Double {
        let whole = finishes.timeIntervalSince(created)
        return whole > 0 ? max(0, now.timeIntervalSince(created) / whole) : 1
    }

    /// Credits charged by `now`: zero until the task has ended.
    func used(at now: Date) -> Credits { status(at: now).isFinal ? charge : Credits(tenths: 0) }

    /// Credits reserved for the task at `now`.
    func reserved(at now: Date) -> Credits { status(at: now).isFinal ? Credits(tenths: 0) : request.price }

    var simulated: SimulatedTask? {
        guard let id = TaskID(id) else { return nil }
        let outputs = deliveries.enumerated().map {
            SimulatedOutput(index: $0.offset, size: $0.element.size, format: $0.element.format)
        }
        return SimulatedTask(id: id, request: request, created: created, outputs: outputs, fate: fate)
    }
}
