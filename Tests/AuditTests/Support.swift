import ArchiveModel
import Audit
import Foundation
import SizeContract
import Testing

let contract = SizeContract.gptImage2

/// An output of GPT Image 2; sizes as text, so that the judgement is the contract's.
func output(
    _ task: String = "t", _ index: Int = 0, of siblings: Int = 1, size: String?, resolution: String? = nil,
    delivered: (Int, Int)?,
    credits: String? = nil, state: OutputState = .archived
) throws -> AuditEntry {
    var entry = AuditEntry(id: OutputID(task: try #require(TaskID(task)), index: index), state: state)
    if size != nil { entry.request = RecordedRequest(size: size, resolution: resolution) }
    if state == .archived {
        entry.judgement = contract.judge(
            delivered: delivered.map { PixelSize(width: $0.0, height: $0.1) },
            request: try size.map { try contract.request(size: $0, resolution: resolution) })
    }
    entry.siblings = siblings
    entry.charge = RecordedCharge(creditsUsed: credits)
    return entry
}

func decimal(_ text: String) throws -> Decimal { try #require(Decimal(plain: text)) }

/// Prices with a base price for every model.
func pricing(_ price: String, _ unit: String = "USD") throws -> Pricing {
    Pricing(PriceList(base: Price(try decimal(price), unit)))
}

func tallies(_ amounts: [(String, Int)], size: String? = nil, resolution: String? = nil, model: String? = nil) -> [ChargeTally] {
    amounts.map { amount, calls in
        ChargeTally(
            model: model, request: size.map { RecordedRequest(size: $0, resolution: resolution) },
            charge: RecordedCharge(creditsUsed: amount), calls: calls)
    }
}
