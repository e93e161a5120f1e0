import Foundation
import OpenPGP
import TestSupport
import Testing

extension Integration {
    /// Small files that would become large, or take long, if guardd did what they ask for: refused for what they are, and
    /// guardd neither grows nor stops answering.
    @Suite struct ControlBombs {
        private let guardd: GuardDaemon
        private let client: ControlClient
        private let session: String
        private let numbers: (user: Int, context: Int)

        init() throws {
            guardd = try GuardDaemon(rules: [.init(encrypt: "opportunistic")])
            let socket = guardd.directory.file("run/control.sock")
            guardd.tables = "[control]\nsocket = \"\(socket)\"\n\n[guard.certificates]\nallow_untrusted = true\n"
            try guardd.writeConfiguration()
            // What becomes long waits in files of a directory that its user can write to.
            guardd.environment = ["TMPDIR": "/tmp"]
            try guardd.start()
            try Wait.untilListening(.unix(socket))
            client = ControlClient(socket: socket)
            let opened = try client.post("/guardd/session?action=open", form: ["email": "alice@guard.test"])
            let data = try #require(opened.object?["data"] as? [String: Any], "\(opened.text)")
            session = try #require(data["session"] as? String)
            numbers = (try #require(data["user"] as? Int), try #require(data["context"] as? Int))
        }

        /// Sends to an operation while the daemon's memory is watched.
        private func expect(
            _ code: String, _ target: String, _ what: String, _ parts: [(String, [UInt8])]
        ) throws {
            let pid = try #require(guardd.pid)
            let before = ProcessUsage.peakResident(pid)
            let reply = try client.post(target + "&session=\(session)", parts: parts)
            #expect(reply.object?["code"] as? String == code, "\(what): \(reply.status) \(reply.text.prefix(300))")
            let growth = ProcessUsage.peakResident(pid) - before
            #expect(growth < 128 << 20, "\(what): \(growth >> 20) MiB more")
            #expect(try client.get("/health").status == 200, "\(what)")
        }

        // MARK: OpenPGP

        private static func compressed(_ algorithm: UInt8, _ content: [UInt8]) -> [UInt8] {
            var packet: [UInt8] = []
            PacketWriter.write(PacketTag(rawValue: 8), body: [algorithm] + content, into: &packet)
            return packet
        }

        /// A compressed packet in which a literal packet of a quarter of a GiB waits, and one in which that one waits.
        private static func bombs() throws -> [(String, [UInt8])] {
            let head: [UInt8] = [0xAF, 0x62, 0, 0, 0, 0, 0]
            let folder = try TemporaryDirectory("bomb")
            try folder.write("head", head)
            func pipe(_ command: String) throws -> [UInt8] {
                try Shell.check("sh", ["-c", "(cat \(folder.file("head")); head -c 268435456 /dev/zero) | \(command)"])
            }
            let zip = Array(try pipe("gzip -9 -n").dropFirst(10).dropLast(8))
            let once = compressed(1, zip)
            let inner = try folder.write("inner", once)
            let twice = compressed(
                1, Array(try Shell.check("sh", ["-c", "gzip -9 -n <\(inner)"]).dropFirst(10).dropLast(8)))
            var nested = once
            for _ in 0..<200 { nested = compressed(0, nested) }
            return [
                ("ZIP", once), ("ZIP in ZIP", twice), ("BZip2", compressed(3, try pipe("bzip2 -9"))),
                ("200 deep", nested),
            ]
        }

        @Test func compressedPacketsAreNoKeys() throws {
            for (what, bomb) in try Self.bombs() {
                for (target, extra) in [
                    ("/oxguard/keys?action=upload", [("newPassword", Array("correct horse".utf8))]),
                    ("/oxguard/keys?action=uploadExternalPublicKey", []),
                ] {
                    let isLarge = bomb.count > 256 << 10
                    try expect(isLarge ? "GRD-KEY-0005" : "GRD-KEY-0006", target, what, [("key", bomb)] + extra)
                }
            }
        }

        /// A message is looked into as far as its length allows.
        @Test func compressedMailIsBounded() throws {
            let pid = try #require(guardd.pid)
            for (what, bomb) in try Self.bombs() {
                let armor = String(decoding: Armor.encode(bomb, kind: .message), as: UTF8.self)
                    .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
                for head in [
                    "Content-Type: text/plain\r\n\r\n",
                    "MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=m\r\n\r\n--m\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--m\r\nContent-Type: application/octet-stream\r\n\r\n",
                ] {
                    let tail = head.contains("boundary") ? "\r\n--m--\r\n" : ""
                    let mail = "From: x@elsewhere.test\r\nTo: alice@guard.test\r\n\(head)\(armor)\(tail)"
                    let before = ProcessUsage.peakResident(pid)
                    let reply = try client.post(
                        "/oxguard/mail?action=verify",
                        parts: [
                            ("user", Array("\(numbers.user)".utf8)), ("context", Array("\(numbers.context)".utf8)),
                            ("file", Array(mail.utf8)),
                        ])
                    #expect(
                        reply.status == 200 && !reply.text.contains("pgp=pass"),
                        "\(what): \(reply.text.prefix(300))\n\(guardd.log.suffix(1000))")
                    let growth = ProcessUsage.peakResident(pid) - before
                    #expect(growth < 192 << 20, "\(what): \(growth >> 20) MiB more")
                }
            }
            #expect(try client.get("/health").status == 200)
        }

        /// A private key packet that asks for an expensive hash of the password, with nothing under its lock.
        private static func locked(_ key: PublicKey, _ tag: UInt8, _ s2k: S2K) -> [UInt8] {
            var packet: [UInt8] = []
            let lock = [254, 9] + s2k.serialized + [UInt8](repeating: 7, count: 16 + 52)
            PacketWriter.write(PacketTag(rawValue: tag), body: key.serializedBody + lock, into: &packet)
            return packet
        }

        /// A certificate with its private halves under a lock of that kind.
        private static func file(_ s2k: S2K, subkeys: Int) throws -> [UInt8] {
            let now = Timestamp(Int64(time(nil)))
            let first = try SecretCertificate.generate(userIDs: ["<alice@guard.test>"], at: now).certificate
            var packets = first.serialized()[...]
            // The public key packet at the front gives way to a private one; its length has one octet.
            packets = packets.dropFirst(2 + first.primaryKey.serializedBody.count)
            var file = locked(first.primaryKey, 5, s2k) + packets
            for _ in 0..<subkeys {
                let other = try SecretCertificate.generate(userIDs: ["x"], at: now).certificate
                file += locked(other.primaryKey, 7, s2k)
            }
            return file
        }

        @Test func expensiveLocksAreRefused() throws {
            let salt = [UInt8](repeating: 1, count: 16)
            let iterated = S2K.iterated(.sha512, salt: Array(salt.prefix(8)), count: 255)
            for (what, s2k, subkeys, code) in [
                ("2 GiB", S2K.argon2(salt: salt, passes: 1, parallelism: 4, memory: 21), 0, "GRD-KEY-0005"),
                ("255 passes", S2K.argon2(salt: salt, passes: 255, parallelism: 4, memory: 16), 0, "GRD-KEY-0005"),
                ("2 TiB", S2K.argon2(salt: salt, passes: 1, parallelism: 1, memory: 31), 0, "GRD-KEY-0005"),
                ("1000 subkeys", iterated, 1000, "GRD-KEY-0005"),
                ("a lock that does not open", iterated, 0, "PGP-CORE-0003"),
            ] as [(String, S2K, Int, String)] {
                try expect(
                    code, "/oxguard/keys?action=upload", what,
                    [
                        ("key", try Self.file(s2k, subkeys: subkeys)), ("keyPassword", Array("secret".utf8)),
                        ("newPassword", Array("correct horse".utf8)),
                    ])
            }
        }

        // MARK: PKCS#12

        /// A file with more derivation steps wherever it says how many; nil where it does not.
        private static func exchanged(_ file: [UInt8]) -> [UInt8]? {
            let old: [UInt8] = [2, 3, 1, 0, 2]
            var result = file
            var found = 0
            for start in 0...max(0, file.count - old.count) where Array(file[start..<start + old.count]) == old {
                result.replaceSubrange(start..<start + old.count, with: [2, 3, 0x7F, 0xFF, 0xFF])
                found += 1
            }
            return found > 0 ? result : nil
        }

        @Test func expensivePKCS12FilesAreRefused() throws {
            let authority = try OpenSSLAuthority()
            let identity = try authority.issue("alice@guard.test", .p256)
            let path = authority.folder.file("alice.p12")
            func export(_ more: [String]) throws -> [UInt8] {
                try Shell.check(
                    "openssl",
                    [
                        "pkcs12", "-export", "-in", identity.certificateFile, "-inkey", identity.keyFile, "-passout",
                        "pass:correct horse", "-out", path, "-iter", "65538",
                    ] + more)
                return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            }
            func send(_ code: String, _ what: String, _ file: [UInt8]) throws {
                try expect(
                    code, "/oxguard/certificates?action=upload", what,
                    [("certificate", file), ("password", Array("correct horse".utf8))])
            }
            let whole = try export([])
            try send("GRD-KEY-0005", "MAC", try #require(Self.exchanged(whole)))
            // Without a MAC over it the lock of the key is looked at.
            let bare = try export(["-nomac"])
            try send("GRD-KEY-0005", "lock", try #require(Self.exchanged(bare)))
            for (what, file) in Self.brokenDER(whole) { try send("GRD-CRT-0004", what, file) }
            // And as it was made it is taken.
            let reply = try client.post(
                "/oxguard/certificates?action=upload&session=\(session)",
                parts: [("certificate", whole), ("password", Array("correct horse".utf8))])
            #expect(reply.isSuccess, "\(reply.text)")
        }

        /// Lengths that nobody has, and nesting without end.
        private static func brokenDER(_ file: [UInt8]) -> [(String, [UInt8])] {
            [
                ("cut", Array(file.dropLast(100))),
                ("2 GiB", [0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF] + file.dropFirst(4)),
                ("16 EiB", [0x30, 0x88] + [UInt8](repeating: 0xFF, count: 8) + file.dropFirst(4)),
                ("127 octets of length", [0x30, 0xFF] + [UInt8](repeating: 0xFF, count: 127)),
                ("an octet string of 4 GiB", [0x30, 0x80, 0x02, 0x01, 0x03, 0x04, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]),
                ("sequences without end", (0..<200_000).flatMap { _ in [0x30, 0x80] as [UInt8] }),
                ("octet strings without end", [0x30, 0x80] + (0..<200_000).flatMap { _ in [0x24, 0x80] as [UInt8] }),
                (
                    "sequences that end", (0..<20_000).flatMap { _ in [0x30, 0x83, 1, 0, 0] as [UInt8] }
                ),
            ]
        }

        @Test func brokenCertificatesAreRefused() throws {
            let authority = try OpenSSLAuthority()
            let identity = try authority.issue("bob@elsewhere.test", .p256)
            let der = try Shell.check("openssl", ["x509", "-in", identity.certificateFile, "-outform", "DER"])
            let pem = try Shell.check("openssl", ["x509", "-in", identity.certificateFile])
            let many = Array(repeating: pem, count: 600).flatMap { $0 }
            let markers = Array(String(repeating: "-----BEGIN CERTIFICATE-----\n", count: 30_000).utf8)
            for (what, file) in Self.brokenDER(der) + [("markers", markers)] {
                try expect(
                    "GRD-CRT-0004", "/oxguard/certificates?action=uploadPublic", what, [("certificate", file)])
            }
            // The same certificate 600 times is one.
            let reply = try client.post(
                "/oxguard/certificates?action=uploadPublic&session=\(session)", parts: [("certificate", many)])
            #expect(reply.isSuccess || reply.object?["code"] as? String == "GRD-CRT-0004", "\(reply.text)")
        }
    }
}
