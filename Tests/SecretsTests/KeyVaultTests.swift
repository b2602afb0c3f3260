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

    @Test func keysSealedBeforeAChangeOfTheServicesKeyOpenAfterIt() throws {
        let caller = try #require(APIKey("sk-caller-0123456789"))
        let task = try #require(TaskID("task-1"))
        let old = KeyVault(try #require(APIKey("sk-old-0123456789")), salt: "archive-1")
        let key = try #require(APIKey("sk-new-0123456789"))
        let sealed = try old.seal(caller, for: task)
        let new = KeyVault(key, salt: "archive-1", earlier: old)
        #expect(new.open(sealed, for: task)?.unsafeSecret == "sk-caller-0123456789")
        #expect(KeyVault(key, salt: "archive-1").open(sealed, for: task) == nil, "a new process does not know the old key")
        let later = try new.seal(caller, for: task)
        #expect(old.open(later, for: task) == nil, "the new key seals")
    }

    @Test func anAccountIsANumberThatOnlyThisServiceCanCompute() throws {
        let keys = try ["sk-own-0123456789", "sk-one-0123456789", "sk-two-0123456789"].map { try #require(APIKey($0)) }
        let vault = KeyVault(keys[0], salt: "archive-1")
        #expect(vault.account(of: keys[1]) == KeyVault(keys[0], salt: "archive-1").account(of: keys[1]))
        #expect(vault.account(of: keys[1]) != vault.account(of: keys[2]))
        #expect(vault.account(of: keys[1]) != KeyVault(keys[2], salt: "archive-1").account(of: keys[1]))
        #expect(keys.allSatisfy { vault.account(of: $0) > 0 })
    }

    @Test(arguments: [
        ("Bearer sk-1", "sk-1"), ("bearer sk-1", "sk-1"), ("BEARER  sk-1", "sk-1"), ("Basic sk-1", nil), ("Bearer ", nil),
        ("Bearer a b", nil), ("sk-1", nil),
    ])
    func onlyABearerAuthorizationIsAKey(_ header: String, _ key: String?) {
        #expect(APIKey(authorization: header)?.unsafeSecret == key)
    }
}
