import KeyStore
import Libcrypto
import OpenPGP
import TestSupport
import Testing

@testable import Guard

struct PasswordPolicyTests {
    private let folder: TemporaryDirectory
    private let service: Guard

    init() throws {
        folder = try TemporaryDirectory("policy")
        service = Guard(
            store: try KeyStore(path: folder.file("store"), master: .random()), settings: GuardSettings(),
            ports: GuardPorts(), now: { Timestamp(1_800_000_000) })
    }

    @Test(arguments: ["0123456789", "äöüäöüäöüä", "a long sentence with blanks"])
    func good(_ password: String) throws {
        #expect(throws: Never.self) { try service.checkPolicy(SecretBytes(copying: Array(password.utf8))) }
    }

    @Test(arguments: ["", "012345678", "äöüäöüäöü", "0123456789\n", String(repeating: "a", count: 1025)])
    func bad(_ password: String) throws {
        #expect(throws: GuardError(.passwordPolicy, "")) {
            try service.checkPolicy(SecretBytes(copying: Array(password.utf8)))
        }
    }

    @Test func generatedPasswordsKeepToThePolicy() throws {
        var seen = Set<[UInt8]>()
        for _ in 0..<200 {
            let password = try service.generatePassword()
            #expect(password.count == 16)
            #expect(throws: Never.self) { try service.checkPolicy(password) }
            let octets = password.withBytes { span in span.indices.map { span[$0] } }
            #expect(!octets.contains { Array("lIO01".utf8).contains($0) })
            #expect(seen.insert(octets).inserted)
        }
    }
}
