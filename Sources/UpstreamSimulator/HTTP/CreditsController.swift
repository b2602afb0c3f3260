import ArchiveModel
import Hummingbird

/// `GET /v1/credits`. The call is known to exist, but its answer is not documented; this one is a guess.
struct CreditsController {
    let account: Account

    func add(to group: RouterGroup<BasicRequestContext>) {
        group.get("credits") { _, _ in
            let (left, used, reserved) = await account.balance
            return try JSONValue.object([
                "object": .string("credits"), "credits": .number(left.amount), "credits_used": .number(used.amount),
                "credits_reserved": .number(reserved.amount), "usd": .number(left.usd),
            ]).answer()
        }
    }
}
