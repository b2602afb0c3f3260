import ArchiveModel
import Foundation
import Secrets
import Testing

@Suite struct KeyVaultTests {
    @Test func aSealedKeyOpensOnlyForItsServiceAndTask() throws {
        let own = try #require(APIKey("sk-own-0123456789"))
        let caller = try #require(APIKey("sk-caller-0123456789"))
        let (one, two) = (try #require(TaskID("task-1")), try #require(TaskID("task-2")))
        let vault = KeyVault(own, salt: "archive-1")
        let sealed = try vault.seal(caller, for: one)
        #expect(sealed.range(of: Data("caller".utf8)) == nil)
        #expect(vault.open(sealed, for: one)?.unsafeSecret == "sk-caller-0123456789")
        #expect(try vault.seal(caller, for: one) != sealed, "each sealing has a new nonce")
        #expect(vault.open(sealed, for: two) == nil)
        #expect(KeyVault(own, salt: "archive-2").open(sealed, for: one) == nil)
        #expect(KeyVault(caller, salt: "archive-1").open(sealed, for: one) == nil)
        for position in sealed.indices {
            var damaged = sealed
            damaged[position] ^= 1
            #expect(vault.open(damaged, for: one) == nil)
        }
        #expect(vault.open(Data(), for: one) == nil)
    }

    @Test(arguments: [
        ("Bearer sk-1", "sk-1"), ("bearer sk-1", "sk-1"), ("BEARER  sk-1", "sk-1"), ("Basic sk-1", nil), ("Bearer ", nil),
        ("Bearer a b", nil), ("sk-1", nil),
    ])
    func onlyABearerAuthorizationIsAKey(_ header: String, _ key: String?) {
        #expect(APIKey(authorization: header)?.unsafeSecret == key)
    }
}
