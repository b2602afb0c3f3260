import HTTPTypes

extension HTTPField.Name {
    static let idempotencyKey = constant("Idempotency-Key")
    static let idempotencyReplayed = constant("idempotency-replayed")

    private static func constant(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("'\(text)' is not a header name") }
        return name
    }
}
