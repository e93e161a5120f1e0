import CMS
import Libcrypto
import TestSupport
import Testing

@Suite struct CMSPrivateKeyTests {
    private static let password = SecretBytes(copying: Array("sesam öffne dich".utf8))

    private func key(_ bytes: [UInt8], _ password: SecretBytes? = nil) throws -> CMSPrivateKey {
        try CMSPrivateKey(SecretBytes(copying: bytes), password: password)
    }

    @Test(arguments: ["rsa:2048", "P-256", "P-384", "P-521", "brainpoolP256r1"]) func readsEveryForm(_ kind: String)
        throws
    {
        let openssl = try OpenSSL()
        try openssl.certificate("a", key: kind)
        try openssl.certificate("b", key: kind)
        let certificate = try X509Certificate(pem: openssl.read("a.pem"))
        let traditional = kind.hasPrefix("rsa") ? "rsa -traditional" : "ec"
        try openssl("pkcs8 -topk8 -nocrypt -in @a.key -outform DER -out @plain.der")
        try openssl("\(traditional) -in @a.key -out @old.pem")
        try openssl("\(traditional) -in @a.key -outform DER -out @old.der")
        for name in ["a.key", "plain.der", "old.pem", "old.der"] {
            let key = try key(openssl.read(name))
            #expect(key.matches(certificate))
            #expect(key.algorithm == certificate.keyAlgorithm)
            #expect(try !key.matches(X509Certificate(pem: openssl.read("b.pem"))))
        }
        #expect(try key(openssl.read("old.der")).pkcs8.withBytes { $0.indices.map { _ in 0 }.count } > 0)
    }

    @Test(arguments: [
        "pkcs8 -topk8 -v2 aes-256-cbc", "pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA1", "pkcs8 -topk8 -v2 des3",
        "pkcs8 -topk8 -scrypt", "pkcs8 -topk8 -v1 PBE-SHA1-3DES", "ec -aes256", "ec -des3",
        "pkcs8 -topk8 -provider legacy -provider default -v1 PBE-SHA1-RC2-40",
    ]) func opensWhatIsLocked(_ command: String) throws {
        let openssl = try OpenSSL()
        try openssl.certificate("a", key: "P-256")
        try openssl.folder.write("pass", "sesam öffne dich\n")
        let locked = try openssl("\(command) -in @a.key -passout file:\(openssl.folder.file("pass"))")
        let key = try key(locked, Self.password)
        #expect(try key.matches(X509Certificate(pem: openssl.read("a.pem"))))
        #expect(throws: CMSError(.passwordNeeded, "")) { try self.key(locked) }
        #expect(throws: CMSError(.wrongPassword, "")) { try self.key(locked, SecretBytes(copying: [1, 2, 3])) }
        let isModern = command.contains("-v2 aes") || command.contains("scrypt")
        if isModern {
            _ = try CMSPrivateKey(locked: locked, password: Self.password, legacy: .refused)
        } else {
            #expect(throws: CMSError(.refusedByPolicy, "")) {
                try CMSPrivateKey(locked: locked, password: Self.password, legacy: .refused)
            }
        }
    }

    @Test func writesWhatOpenSSLOpens() throws {
        let openssl = try OpenSSL()
        try openssl.certificate("a", key: "P-256")
        let key = try key(openssl.read("a.key"))
        let locked = try key.lockedPEM(password: Self.password)
        try openssl.folder.write("pass", "sesam öffne dich\n")
        let plain = try openssl("pkcs8 -passin file:\(openssl.folder.file("pass"))", input: locked)
        #expect(plain == (try openssl.read("a.key")))
        #expect(try self.key(locked, Self.password).pkcs8 == key.pkcs8)
    }

    @Test(arguments: ["ED25519", "X25519", "ED448", "X448", "RSA-PSS"]) func readsKeysWithoutACurve(_ name: String)
        throws
    {
        let openssl = try OpenSSL()
        let key = try key(openssl("genpkey -algorithm \(name)"))
        #expect(name == "RSA-PSS" ? key.algorithm == .rsaPSS(2048) : "\(key.algorithm)".uppercased() == name)
    }

    @Test func refusesABombAndDamage() throws {
        let openssl = try OpenSSL()
        try openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out @k.pem")
        let bomb = try openssl("pkcs8 -topk8 -in @k.pem -outform DER -passout pass:x -iter 2")
        // INTEGER 2 after the salt becomes INTEGER 2^31 - 1; the lengths around it grow by three.
        let position = try #require(bomb.indices.first { bomb[$0...].starts(with: [0x02, 0x01, 0x02, 0x30]) })
        var grown = bomb
        grown.replaceSubrange(position..<position + 3, with: [0x02, 0x04, 0x7F, 0xFF, 0xFF, 0xFF])
        let sequences = try #require(
            grown.indices.filter { grown[$0] == 0x30 && $0 < position }.isEmpty
                ? nil
                : grown.indices.filter {
                    grown[$0] == 0x30 && $0 < position
                })
        for index in sequences {
            let at = grown[index + 1] == 0x81 ? index + 2 : index + 1
            if at < position, Int(grown[at]) >= position - at { grown[at] += 3 }
        }
        #expect(throws: CMSError(.limitExceeded, "")) { try key(grown, SecretBytes(copying: [0x78])) }

        let plain = try openssl("pkcs8 -topk8 -nocrypt -in @k.pem -outform DER")
        for count in 0..<plain.count {
            #expect(throws: CMSError.self) { try key(Array(plain.prefix(count))) }
        }
        for index in plain.indices {
            var damaged = plain
            damaged[index] ^= 0x41
            #expect(throws: CMSError.self) { try key(damaged) }
        }
        #expect(throws: CMSError(.unexpectedData, "")) {
            try key(Array("-----BEGIN X-----\nAAAA\n-----END X-----".utf8))
        }
    }
}
