import CMS
import Libcrypto
import TestSupport

/// A key and its self-signed certificate, made by openssl once per test process.
struct TestIdentity: Sendable {
    let name: String
    let directory: TemporaryDirectory
    let certificate: X509Certificate
    let privateKey: CMSPrivateKey

    var certificateFile: String { directory.file("cert.pem") }
    var keyFile: String { directory.file("key.pem") }
    var decryptionKey: CMSDecryptionKey { CMSDecryptionKey(certificate: certificate, privateKey: privateKey) }

    init(_ name: String, _ keyOptions: [String], digest: String = "sha256") throws {
        self.name = name
        directory = try TemporaryDirectory("cms")
        try Shell.check("openssl", ["genpkey", "-out", directory.file("key.pem")] + keyOptions)
        try Shell.check(
            "openssl",
            [
                "req", "-new", "-x509", "-key", directory.file("key.pem"), "-out", directory.file("cert.pem"), "-days",
                "3650", "-\(digest)",
                "-subj", "/CN=\(name)/O=guardd tests", "-addext", "subjectAltName=email:\(name)@example.org",
                "-addext", "keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement",
                "-addext", "extendedKeyUsage=emailProtection",
            ])
        certificate = try X509Certificate(pem: try directory.read("cert.pem"))
        privateKey = try CMSPrivateKey(SecretBytes(copying: try directory.read("key.pem")))
    }

    private static func rsa(_ name: String, _ bits: Int, _ algorithm: String = "RSA") throws -> TestIdentity {
        try TestIdentity(name, ["-algorithm", algorithm, "-pkeyopt", "rsa_keygen_bits:\(bits)"])
    }

    private static func ec(_ name: String, _ curve: String, _ digest: String) throws -> TestIdentity {
        try TestIdentity(name, ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:\(curve)"], digest: digest)
    }

    private static let made: [String: Result<TestIdentity, any Error>] = [
        "rsa": Result { try rsa("rsa", 2048) }, "rsa-other": Result { try rsa("rsa-other", 2048) },
        "rsa-small": Result { try rsa("rsa-small", 1024) }, "rsa-pss": Result { try rsa("rsa-pss", 2048, "RSA-PSS") },
        "p256": Result { try ec("p256", "P-256", "sha256") }, "p384": Result { try ec("p384", "P-384", "sha384") },
        "p521": Result { try ec("p521", "P-521", "sha512") },
        "ed25519": Result { try TestIdentity("ed25519", ["-algorithm", "ED25519"]) },
    ]

    static func named(_ name: String) throws -> TestIdentity {
        guard let identity = made[name] else { throw TestFailure("no identity \(name)") }
        return try identity.get()
    }
}

/// The ways of pushing and the sizes that meet the edges of pieces and blocks.
enum TestContent {
    static let text = Array(
        "Content-Type: text/plain; charset=utf-8\r\n\r\nGr\u{fc}\u{df}e.\r\n0 1 2 3\r\n".utf8)
    static func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }
    static let sizes = [0, 1, 15, 16, 17, 4095, 32767, 32768, 32769, 65536, 100_001]

    static func push(_ bytes: [UInt8], piece: Int, _ body: (Span<UInt8>) throws -> Void) rethrows {
        var start = 0
        while start < bytes.count {
            let end = min(start + piece, bytes.count)
            try body(bytes.span.extracting(start..<end))
            start = end
        }
    }

    /// All that a writer writes.
    final class Collector {
        var bytes: [UInt8] = []
        var largest = 0
        var sink: CMSSink {
            { [self] piece in
                largest = max(largest, piece.count)
                piece.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
            }
        }
    }
}
