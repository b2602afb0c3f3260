import ArchiveModel
import Foundation
import SizeContract

/// Generates tasks. Everything about a task except its times is derived from the seed and its serial number.
struct TaskForge: Sendable {
    let seed: UInt64
    let profile: FaultProfile
    /// Pictures from a folder, in order; empty if pictures are generated.
    let folder: [FolderPicture]

    let billing: BillingPlan

    var plan: FaultPlan { FaultPlan(profile: profile, seed: seed) }

    /// An ID in the documented form `task-unified-<10 digits>-<8 letters or digits>`. The digits look like a Unix time but are
    /// not one.
    func id(serial: Int) -> String {
        var draw = Draw(seed: seed, "id")
        let base = 1_757_000_000 + draw.below(9_000_000)
        var own = Draw(seed: seed, "id", serial + 1)
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return "task-unified-\(base + serial * 7)-" + String((0..<8).map { _ in own.pick(letters) })
    }

    /// A task with a request from the stock.
    ///
    /// - Parameter mayFail: Whether the task may end without a picture.
    func stockTask(serial: Int, created: Date, finishes: Date, mayFail: Bool) -> SimulatedEntry {
        var draw = Draw(seed: seed, "request", serial)
        var request = RequestStock.request(serial: serial, seed: seed, siblings: profile != .none)
        if let picture = folderPicture(serial: serial) {
            (request.size, request.resolution) = RequestStock.plausibleSize(for: picture.size, draw: &draw)
            request.model = SizeContract.gptImage2.model
        }
        return task(request, serial: serial, created: created, finishes: finishes, mayFail: mayFail)
    }

    /// The task for `request`.
    func task(_ request: SimulatedRequest, serial: Int, created: Date, finishes: Date, mayFail: Bool) -> SimulatedEntry {
        let id = id(serial: serial)
        let planned = mayFail ? plan.outcome(of: id) : .completed
        let outcome = planned == .completed ? billing.outcome(of: id) : planned
        return SimulatedEntry(
            id: id, serial: serial, request: request, created: created, finishes: finishes, outcome: outcome,
            deliveries: deliveries(for: request, id: id, serial: serial), fate: plan.fate(of: id),
            charge: billing.charge(for: request, id: id, outcome: outcome))
    }

    private func folderPicture(serial: Int) -> FolderPicture? { folder.isEmpty ? nil : folder[serial % folder.count] }

    private func deliveries(for request: SimulatedRequest, id: String, serial: Int) -> [Delivery] {
        if let picture = folderPicture(serial: serial) {
            return [
                Delivery(
                    size: picture.size, format: picture.format, content: .file(path: picture.path),
                    contentType: picture.format.contentType, ending: picture.format.ending)
            ]
        }
        var draw = Draw(seed: seed, "results:" + id)
        let count = SimulatedModel.siblings.contains(request.model) && profile != .none ? 2 + draw.below(2) : 1
        return (0..<count).map { index in
            var draw = Draw(seed: seed, "delivery:" + id, index)
            let size = DeliveryRule.size(for: request.sizeRequest, profile: profile, draw: &draw)
            let format = DeliveryRule.format(profile: profile, draw: &draw)
            let declared = format != .png && draw.perThousand(400) ? PictureFormat.png : format
            return Delivery(
                size: size, format: format, content: .made(seed: draw.next()), contentType: declared.contentType,
                ending: PictureFormat.png.ending)
        }
    }
}

/// The models known to the simulated service.
enum SimulatedModel {
    /// Invented names of models besides GPT Image 2 whose calls return several results.
    static let siblings = ["gpt-image-2-beta-duo", "gpt-image-2-beta-series"]
    static let all = SizeContract.all.map(\.model) + siblings
}
