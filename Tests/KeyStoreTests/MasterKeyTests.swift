import Foundation
import Libcrypto
import TestSupport
import Testing

@testable import KeyStore

@Suite struct MasterKeyTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func aCreatedKeyIsPrivateAndReadsBack() throws {
        let path = directory.file("master.key")
        let created = try MasterKey.create(path: path)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(attributes[.size] as? Int == 32)
        let loaded = try MasterKey.load(path: path)
        #expect(loaded.id == created.id)
        #expect(try loaded.derive(purpose: .gateway) == created.derive(purpose: .gateway))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["master.key"])
    }

    @Test func anExistingFileIsNeverOverwritten() throws {
        let path = try directory.write("master.key", [1, 2, 3])
        #expect(throws: KeyStoreError(.exists, "")) { try MasterKey.create(path: path) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1, 2, 3]))
    }

    @Test func everyPurposeHasItsOwnKey() throws {
        let master = try MasterKey.random()
        var seen: [SecretBytes] = []
        for purpose in KeyPurpose.allCases {
            let key = try master.derive(purpose: purpose)
            #expect(key.count == 32)
            #expect(!seen.contains(key))
            seen.append(key)
        }
        #expect(master.id.count == 16)
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o610, 0o777])
    func aModeThatLetsOthersInIsRefusedWithTheCommandThatMendsIt(mode: Int) throws {
        let path = try directory.write("master key", [UInt8](repeating: 7, count: 32), mode: mode_t(mode))
        let error = #expect(throws: KeyStoreError.self) { try MasterKey.load(path: path) }
        #expect(error?.code == .permissions)
        #expect(error?.message.contains("run: chmod 600 '\(path)'") == true)
    }

    @Test func aFileOfAnotherUserIsRefused() throws {
        let path = try directory.write("master.key", [UInt8](repeating: 7, count: 32))
        try #require(chown(path, 4_000, gid_t.max) == 0 || geteuid() != 0)
        guard geteuid() == 0 else { return }
        let error = #expect(throws: KeyStoreError.self) { try MasterKeyFile(path: path, user: 4_001).read() }
        #expect(error?.code == .permissions)
        #expect(error?.message.hasSuffix("run: chown 4001 \(path)") == true)
        #expect(try MasterKeyFile(path: path, user: 4_000).read().count == 32)
        // guardctl, run by root on the key of the daemon's user.
        #expect(try MasterKey.load(path: path).path == path)
    }

    @Test func aSystemdCredentialMayShowGroupRead() throws {
        let path = try directory.write("guardd-master", [UInt8](repeating: 7, count: 32), mode: 0o440)
        #expect(throws: KeyStoreError(.permissions, "")) { try MasterKeyFile(path: path, credentials: nil).read() }
        #expect(try MasterKeyFile(path: path, credentials: directory.path).read().count == 32)
        try directory.write("guardd-master", [UInt8](repeating: 7, count: 32), mode: 0o444)
        #expect(throws: KeyStoreError(.permissions, "")) {
            try MasterKeyFile(path: path, credentials: directory.path).read()
        }
    }

    @Test(arguments: [0, 31, 33, 64]) func anotherSizeIsRefused(size: Int) throws {
        let path = try directory.write("master.key", [UInt8](repeating: 7, count: size))
        #expect(throws: KeyStoreError(.masterKeyMalformed, "")) { try MasterKey.load(path: path) }
    }

    @Test func somethingThatIsNoFileIsRefused() throws {
        #expect(throws: KeyStoreError(.masterKeyMalformed, "")) { try MasterKey.load(path: directory.path) }
        let error = #expect(throws: KeyStoreError.self) { try MasterKey.load(path: directory.file("none")) }
        #expect(error?.code == .missing)
        #expect(error?.message.contains("guardctl init") == true)
    }
}
