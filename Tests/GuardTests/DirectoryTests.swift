import KeyStore
import Libcrypto
import MIME
import OpenPGP
import TestSupport
import Testing

@testable import Guard

struct DirectoryTests {
    @Test func theHashIsThatOfTheDraft() throws {
        // draft-koch-openpgp-webkey-service, section 3.1.
        #expect(try DirectoryHash.of("Joe.Doe") == "iy9q119eutrkn8s1mk4r39qejnbu3n5q")
    }

    @Test func keysOfOurOwnUsersAreFound() throws {
        let test = try TestGuard { $0.localDomains.insert("example.net") }
        let password = TestGuard.secret("a good password")
        let here = try test.session()
        let there = try test.session(TestGuard.address("alice@example.net"))
        let ring = try test.service.createRing(here, name: "Alice", password: password)
        let hash = try DirectoryHash.of("alice")
        func key(_ host: String?, _ local: String? = nil) throws -> Fingerprint? {
            try test.service.directory(hash: hash, localPart: local, host: host)?.fingerprint
        }
        // One mailbox of that name: no need to know the domain.
        #expect(try key("keys.internal") == ring.certificate.fingerprint)
        let second = try test.service.createRing(there, name: "Alice", password: password)
        #expect(try key("example.org") == ring.certificate.fingerprint)
        #expect(try key("openpgpkey.example.net") == second.certificate.fingerprint)
        #expect(try key("keys.internal") == nil)
        #expect(try key("example.org", "ALICE") == ring.certificate.fingerprint)
        #expect(try key("example.org", "bob") == nil)

        let fingerprint = ring.certificate.fingerprint.hex
        for search in [
            "alice@example.org", "Alice <alice@example.org>", "0x" + fingerprint,
            "0x" + ring.certificate.keyID.hex.lowercased(),
        ] {
            #expect(try test.service.directory(search: search).map(\.fingerprint) == [ring.certificate.fingerprint])
        }
        for search in ["bob@example.org", "0x1122334455667788", "0x12345678", "alice", "", "0x" + fingerprint + "00"] {
            #expect(try test.service.directoryBlock(search: search) == nil)
        }
        let index = try #require(try test.service.directoryIndex(search: "alice@example.org"))
        let lines = index.split(separator: "\n")
        #expect(lines.first == "info:1:1")
        #expect(lines.dropFirst().first?.hasPrefix("pub:\(fingerprint):22:") == true)
        #expect(lines.last == "uid:Alice <alice@example.org>:::")
    }
}
