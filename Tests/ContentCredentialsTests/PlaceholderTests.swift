import ContentCredentials
import Testing

@Suite struct PlaceholderTests {
    @Test func statesAreOrdered() { #expect(CredentialReport.State.invalid < .valid) }
}
