import Foundation
import KeyStore
import Libcrypto
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

/// `guardctl` as its users run it: a process, its output and its exit status.
@Suite struct GuardctlTests {
    let directory: TemporaryDirectory
    var store: String { directory.file("lib/keys.sqlite") }
    var masterKey: String { directory.file("etc/master.key") }

    init() throws { directory = try TemporaryDirectory("ctl") }

    func run(_ arguments: String..., input: [UInt8] = []) throws -> Shell.Result {
        try Shell.run(Executable.path("guardctl"), arguments, input: input)
    }

    /// A command that works on the store.
    func tool(_ command: String, _ arguments: String...) throws -> Shell.Result {
        try Shell.run(
            Executable.path("guardctl"),
            command.split(separator: " ").map(String.init) + ["--store", store, "--master-key", masterKey] + arguments)
    }

    func initialize() throws {
        let result = try tool("init")
        try #require(result.status == 0, "\(result.error)")
    }

    func json(_ result: Shell.Result) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
    }

    func list() throws -> [[String: Any]] {
        let result = try tool("key list", "--json")
        return try #require(try JSONSerialization.jsonObject(with: Data(result.output)) as? [[String: Any]])
    }

    @Test func rootGivesTheFilesToTheDaemon() throws {
        guard geteuid() == 0, let nobody = getpwnam("nobody") else { return }
        #expect(try tool("init", "--user", "nobody").status == 0)
        func owner(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? Int
        }
        let wanted: Int? = Int(nobody.pointee.pw_uid)
        for path in [masterKey, store, directory.file("lib")] { #expect(try owner(path) == wanted) }
        #expect(try tool("key generate", "a@example.org").status == 0)
        #expect(try tool("master rotate").status == 0)
        for path in [masterKey, store] { #expect(try owner(path) == wanted) }
        #expect(try tool("init", "--user", "no-such-user").status == 2)
    }

    @Test func initMakesWhatIsMissingAndNothingTwice() throws {
        let first = try tool("init", "--json")
        #expect(first.status == 0, "\(first.error)")
        #expect(try json(first)["masterKeyMade"] as? Bool == true)
        let key = try Data(contentsOf: URL(fileURLWithPath: masterKey))
        for (path, mode) in [(masterKey, 0o600), (store, 0o600), (directory.file("lib"), 0o700)] {
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == mode)
        }
        let second = try tool("init")
        #expect(second.status == 0)
        #expect(second.text.contains("was there"))
        #expect(first.error.isEmpty)
        #expect(try Data(contentsOf: URL(fileURLWithPath: masterKey)) == key)

        try FileManager.default.removeItem(atPath: masterKey)
        let third = try tool("init")
        #expect(third.status == 2)
        #expect(third.error.contains("restore it from a backup"))
        #expect(!FileManager.default.fileExists(atPath: masterKey))
    }

    @Test func aGeneratedKeyIsListedShownExportedAndDeleted() throws {
        try initialize()
        let made = try tool("key generate", "--json", "Alice <alice@example.org>")
        #expect(made.status == 0, "\(made.error)")
        let key = try json(made)
        let fingerprint = try #require(key["fingerprint"] as? String)
        #expect(key["hasSecretKey"] as? Bool == true)

        let listed = try list()
        #expect(listed.map { $0["fingerprint"] as? String } == [fingerprint])
        #expect(listed.first?["status"] as? String == "valid")
        #expect(listed.first?["trust"] as? String == "own")
        #expect(
            Set(listed.first.map { Array($0.keys) } ?? []) == [
                "canEncrypt", "canVerify", "changed", "fingerprint", "hasSecretKey", "imported", "keyID", "keys",
                "status",
                "trust", "userIDs",
            ])
        let shown = try tool("key show", "ALICE@example.org")
        #expect(shown.text.contains(fingerprint))
        #expect(shown.text.contains("Alice <alice@example.org>  (own)"))

        let home = try GnuPGHome()
        try home.importKey(tool("key export", fingerprint).output)
        #expect(try home.fingerprint("alice@example.org") == fingerprint)

        let refused = try tool("key delete", "alice@example.org")
        #expect(refused.status == 1)
        #expect(refused.error.contains("export it first"))
        #expect(try tool("key delete", "--secret", "alice@example.org").status == 0)
        #expect(try tool("key list").output.isEmpty)
    }

    @Test func aSecretKeyGoesOutOnlyUnderAPassword() throws {
        try initialize()
        #expect(try tool("key generate", "alice@example.org").status == 0)
        let password = try directory.write("password", "correct horse\n")
        let exported = try tool("key export", "--secret", "--password-file", password, "alice@example.org")
        #expect(exported.status == 0, "\(exported.error)")
        let target = try directory.write("alice.sec.asc", exported.output)
        let key = try SecretCertificate(parsing: directory.read("alice.sec.asc"))
        #expect(key.isLocked)
        #expect(try !key.unlocked(password: SecretBytes(copying: [UInt8]("correct horse".utf8))).isLocked)
        #expect(try tool("key export", "--secret", "alice@example.org").status == 1)

        #expect(try tool("key delete", "--secret", "alice@example.org").status == 0)
        let wrong = try directory.write("wrong", "battery staple\n")
        let refused = try tool("key import", "--password-file", wrong, target)
        #expect(refused.status == 1)
        #expect(refused.error.contains("wrong password"))
        #expect(!refused.error.contains("battery"))
        let taken = try tool("key import", "--password-file", password, target)
        #expect(taken.status == 0, "\(taken.error)")
        #expect(taken.text.contains("new"))
        #expect(try tool("key list", "--secret").text.contains(key.fingerprint.hex))
    }

    @Test func keysOfGnuPGComeInAndTrustIsSet() throws {
        try initialize()
        let home = try GnuPGHome()
        try home.generate("bob@example.org")
        let file = try directory.write("bob.asc", home.publicKey("bob@example.org"))
        let first = try tool("key import", "--trust", "autocrypt", "--json", file)
        #expect(first.status == 0, "\(first.error)")
        let fingerprint = try home.fingerprint("bob@example.org")
        #expect((try json(first)["keys"] as? [[String: Any]])?.first?["outcome"] as? String == "new")
        #expect(try tool("key list").text.contains("\(fingerprint)  valid  autocrypt  "))
        #expect(try tool("key import", file).text.contains("  updated  "))
        #expect(try tool("key list").text.contains("  admin  "))
        #expect(try tool("key import", "--trust", "message", file).text.contains("  unchanged  "))
        #expect(try tool("key trust", fingerprint, "hkp").status == 0)
        #expect(try tool("key list").text.contains("  hkp  "))
        #expect(try tool("key import", "--trust", "own", file).status == 2)
        let secret = try directory.write("bob.sec", home.secretKey("bob@example.org"))
        #expect(try tool("key import", "--public-only", secret).status == 0)
        #expect(try tool("key list", "--secret").output.isEmpty)
        #expect(try tool("key import", secret).text.contains("secret"))
        #expect(try tool("key list", "--secret").text.contains("  own secret  "))
        #expect(try tool("key trust", fingerprint, "message").status == 1)
    }

    @Test func mistakesAreNamedWithAnExitStatus() throws {
        let early = try tool("key list")
        #expect(early.status == 2)
        #expect(early.error.contains("guardctl init"))
        try initialize()
        let rubbish = try directory.write("rubbish", "hello\n")
        for (result, status, text) in [
            (try tool("key import", rubbish), Int32(2), "input"),
            (try tool("key import", directory.file("none")), 2, "cannot be read"),
            (try tool("key show", "nobody@example.org"), 1, "no such key"),
            (try tool("key show", "what"), 2, "neither a fingerprint"),
            (try tool("key generate", "no address"), 2, "write user@domain"),
            (try tool("key generate", "--expires", "soon", "a@example.org"), 64, "expires"),
            (try tool("key list", "--nonsense"), 64, "nonsense"),
        ] {
            #expect(result.status == status, "\(result.error)")
            #expect(result.error.contains(text), "\(result.error)")
        }
        chmod(masterKey, 0o644)
        let open = try tool("key list")
        #expect(open.status == 2)
        #expect(open.error.contains("run: chmod 600 \(masterKey)"))
        chmod(masterKey, 0o600)
        try FileManager.default.removeItem(atPath: masterKey)
        try MasterKey.create(path: masterKey)
        let other = try tool("key list")
        #expect(other.status == 2)
        #expect(other.error.contains("is sealed under key"))
    }

    @Test func aFullDiskEndsAnImportCleanly() throws {
        try initialize()
        var ring: [UInt8] = []
        for index in 0..<300 {
            ring += try SecretCertificate.generate(
                userIDs: ["<user\(index)@example.org>"], at: Timestamp(1_700_000_000)
            ).certificate.serialized()
        }
        let file = try directory.write("ring", ring)
        let command =
            "trap '' XFSZ; ulimit -f 200; exec \"$0\" key import --store \"$1\" --master-key \"$2\" \"$3\""
        let full = try Shell.run("/bin/sh", ["-c", command, Executable.path("guardctl"), store, masterKey, file])
        #expect(full.status == 2, "\(full.status) \(full.error)")
        #expect(try tool("key import", file).status == 0)
        #expect(try tool("key list").text.split(separator: "\n").count == 300)
    }

    @Test func rotationKilledInTheMiddleGoesOn() throws {
        try initialize()
        let master = try MasterKey.load(path: masterKey)
        let opened = try KeyStore(path: store, master: master)
        for index in 0..<40 {
            try opened.importSecretKey(
                SecretCertificate.generate(userIDs: ["<user\(index)@example.org>"], at: Timestamp(1_700_000_000)))
        }
        try opened.close()
        let child = try ChildProcess(
            Executable.path("guardctl"),
            ["master", "rotate", "--batch", "1", "--progress", "--store", store, "--master-key", masterKey],
            log: directory.file("log"))
        while child.isRunning, !child.logText.contains("3 sealed again") { sched_yield() }
        child.killNow()
        let listed = try tool("key list", "--secret")
        #expect(listed.text.split(separator: "\n").count == 40, "\(listed.error)")
        let ended = try tool("master rotate", "--json")
        #expect(ended.status == 0, "\(ended.error)")
        let after = try MasterKey.load(path: masterKey)
        #expect(after.id != master.id)
        #expect(try json(ended)["masterID"] as? String == after.id)
        #expect(!FileManager.default.fileExists(atPath: masterKey + ".new"))
        let again = try KeyStore(path: store, master: after)
        #expect(try again.decryptionKeys(for: [.wildcard]).count == 40)
    }

    @Test func configCheckNamesEveryMistake() throws {
        let good = try directory.write("good.toml", "")
        let bad = try directory.write("bad.toml", "nonsense = 1\n")
        let first = try run("config", "check", "--config", bad)
        #expect(first.status == 2)
        #expect(first.error.contains("bad.toml:1:"))
        let second = try run("config", "check", "--config", bad, "--json")
        #expect(second.status == 2)
        #expect(try json(second)["ok"] as? Bool == false)
        let third = try run("config", "check", "--config", good)
        #expect(third.status == 0, "\(third.error)")
        #expect(try run("config", "check", "--config", directory.file("none")).status == 2)
    }
}
