import Notifications
import Testing

@Suite struct WebhookSignerTests {
    /// The vectors that Standard Webhooks' and Svix' own libraries are tested and documented with; the first one is
    /// as the Python package `standardwebhooks` signs it, too.
    @Test func signaturesMatchThePublishedVectors() throws {
        let signer = try WebhookSigner(secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
        #expect(
            signer.signature(id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: #"{"test": 2432232314}"#)
                == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func severalSecretsGiveSeveralSignatures() throws {
        // 32 bytes of 0, with and without the padding that some leave out.
        let zeros = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        let both = try WebhookSigner(secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", zeros])
            .signature(id: "a", timestamp: 1, body: "b").split(separator: " ")
        #expect(both.count == 2 && Set(both).count == 2)
        #expect(try both[1] == WebhookSigner(secrets: [zeros + "="]).signature(id: "a", timestamp: 1, body: "b"))
        // printf 'a.1.b' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000...0 -binary | base64
        #expect(both[1] == "v1,eonV3LnLQpbtUZPjKrH/pwonVWIcZ7wfXQmX2ZK1i54=")
    }

    @Test(arguments: [
        [], [""], ["whsec_"], ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], ["whsec_not base64 at all!"], ["whsec_c2hvcnQ="],
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ="],
    ])
    func anInvalidSecretIsRefusedAndNotPrinted(_ secrets: [String]) {
        let error = #expect(throws: WebhookSecretError.self) { try WebhookSigner(secrets: secrets) }
        #expect(error?.description.contains("FIXATIVE_NOTIFY_SECRET") == true)
        #expect(secrets.allSatisfy { $0.count < 8 || error?.description.contains($0.dropFirst(6)) == false })
    }
}
