import Glibc
import Libcrypto
import OpenPGP

/// The rows of the core: our encrypt, sign and encrypt, decrypt, sign and verify beside their bound of the same run.
struct CoreBench {
    private static let time = Timestamp(1_790_000_000)
    private static let sizes = [("2 KiB", 2 << 10), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20), ("25 MiB", 25 << 20)]

    let seconds: Double
    let json: Bool
    private let bound = Bound()
    private let piece = [UInt8](repeating: 0x61, count: 64 << 10)
    private let secret: SecretCertificate

    init(seconds: Double, json: Bool) throws {
        self.seconds = seconds
        self.json = json
        secret = try SecretCertificate.generate(
            userIDs: ["Bench <bench@example.org>"], at: Timestamp(Self.time.seconds - 1000))
    }

    func run() throws {
        if !json {
            let head = "operation".padded(15) + "size".padded(8) + "ours/s".leading(10) + "bound/s".leading(10)
            print(head + "ratio".leading(8) + "peak KiB".leading(10))
        }
        for (name, operation) in try operations() {
            for (label, size) in Self.sizes {
                let row = try operation(size)
                var ratios: [(ours: Double, bound: Double)] = []
                // Ours and the bound alternate, so that both see the same machine.
                for _ in 0..<3 {
                    let ours = try Clock.best(seconds: seconds / 3, row.ours)
                    ratios.append((ours, Clock.best(seconds: seconds / 3, row.bound)))
                }
                let ours = ratios.map(\.ours).min() ?? .infinity
                let bound = ratios.map(\.bound).min() ?? .infinity
                let peak = Child.number(["peak", name, String(size)]) ?? -1
                show(name, label, size, ours, bound, peak)
            }
        }
    }

    /// The peak memory of one operation in octets, in a process that has done a small one before.
    func peak(_ name: String, _ size: Int) throws -> Int {
        guard let operation = try operations().first(where: { $0.0 == name })?.1 else { return -1 }
        try operation(1024).ours()
        return try Clock.peakMemory(operation(size).ours)
    }

    private func show(_ name: String, _ label: String, _ size: Int, _ ours: Double, _ bound: Double, _ peak: Int) {
        if json {
            let numbers =
                "\"ours_per_second\":\(1 / ours),\"bound_per_second\":\(1 / bound),\"ratio\":\(bound / ours),\"peak_bytes\":\(peak)"
            print("{\"operation\":\"\(name)\",\"size\":\(size),\(numbers)}")
        } else {
            print(
                name.padded(15) + label.padded(8) + (1 / ours).text(1).leading(10) + (1 / bound).text(1).leading(10)
                    + (bound / ours).text(2).leading(8) + String(peak / 1024).leading(10))
        }
        fflush(nil)
    }

    private typealias Row = (ours: () throws -> Void, bound: () -> Void)

    private func operations() throws -> [(String, (Int) throws -> Row)] {
        let certificate = secret.certificate
        guard let key = certificate.encryptionKeys(at: Self.time).first else {
            throw OpenPGPError(.invalidArgument, "the generated key cannot encrypt")
        }
        let recipient = EncryptionRecipient(key: key)
        let signer = try secret.signingKey(at: Self.time)
        let keys = secret.decryptionKeys()

        func push(_ size: Int, _ body: (Span<UInt8>) throws -> Void) rethrows {
            var left = size
            while left > 0 {
                let step = min(left, piece.count)
                try body(piece.span.extracting(0..<step))
                left -= step
            }
        }
        func reader(of mode: AEADID) -> EncryptionRecipient {
            var preferences = CertificatePreferences()
            preferences.features = [.seipdV1, .seipdV2]
            preferences.cipherSuites = [CipherSuite(.aes256, mode)]
            return EncryptionRecipient(key: key, preferences: preferences)
        }
        func encrypt(
            _ size: Int, _ signers: [SigningKey], to recipient: EncryptionRecipient = recipient,
            _ emit: (inout [UInt8]) -> Void
        ) throws {
            let encryptor = try MessageEncryptor(recipients: [recipient], signers: signers, time: Self.time)
            var output: [UInt8] = []
            try push(size) {
                try encryptor.push($0, into: &output)
                emit(&output)
            }
            try encryptor.finish(into: &output)
            emit(&output)
        }
        /// What is authentic only at its end waits in a spool; chunks go to a sink as they come.
        func decrypting(
            _ size: Int, _ recipient: EncryptionRecipient, inChunks: Bool = false
        ) throws -> () throws -> Void {
            var message: [UInt8] = []
            try encrypt(size, [], to: recipient) {
                message += $0
                $0.removeAll(keepingCapacity: true)
            }
            let text = message
            return {
                var count = 0
                let decryptor = MessageDecryptor(
                    keys: keys, time: Self.time, certificates: { _ in [] },
                    sink: inChunks ? { chunk in count += chunk.count } : nil)
                for start in stride(from: 0, to: text.count, by: piece.count) {
                    try decryptor.push(text.span.extracting(start..<min(start + piece.count, text.count)))
                }
                let message = try decryptor.finish()
                guard (inChunks ? count : message.content.count) == size else { abort() }
            }
        }
        func aead(_ name: String, _ mode: AEADID) -> [(String, (Int) throws -> Row)] {
            let recipient = reader(of: mode)
            let isOCB = mode == .ocb
            return [
                (
                    "encrypt \(name)",
                    { size in
                        (
                            { try encrypt(size, [], to: recipient) { $0.removeAll(keepingCapacity: true) } },
                            { bound.seal(size, isOCB: isOCB) }
                        )
                    }
                ),
                (
                    "decrypt \(name)",
                    { size in (try decrypting(size, recipient, inChunks: true), { bound.open(size, isOCB: isOCB) }) }
                ),
            ]
        }
        /// EAX is read, not written: the mode alone.
        func eax(_ size: Int) throws -> Row {
            let cipher = try AEADCipher(.eax, .aes256, key: SecretBytes.random(count: 32))
            let nonce = [UInt8](repeating: 0, count: AEADAlgorithm.eax.nonceSize)
            var output: [UInt8] = []
            return (
                {
                    try push(size) {
                        output.removeAll(keepingCapacity: true)
                        try cipher.seal($0, nonce: nonce, associatedData: [], into: &output)
                    }
                }, { bound.eax(size) }
            )
        }
        func signature(_ size: Int) throws -> [UInt8] {
            let signing = try DetachedSigner(keys: [signer], time: Self.time)
            push(size) { signing.push($0) }
            return try signing.finish()
        }
        return [
            (
                "encrypt",
                { size in
                    (
                        { try encrypt(size, []) { $0.removeAll(keepingCapacity: true) } },
                        { bound.encrypt(size, sign: false) }
                    )
                }
            ),
            (
                "sign+encrypt",
                { size in
                    (
                        { try encrypt(size, [signer]) { $0.removeAll(keepingCapacity: true) } },
                        { bound.encrypt(size, sign: true) }
                    )
                }
            ),
            (
                "decrypt",
                { size in (try decrypting(size, recipient), { bound.decrypt(size) }) }
            ),
            ("sign", { size in ({ _ = try signature(size) }, { bound.sign(size) }) }),
            (
                "verify",
                { size in
                    let armored = try signature(size)
                    return (
                        {
                            let verifier = try DetachedVerifier(canonicalHashes: [SaltedHash(signer.suitableHash)])
                            push(size) { verifier.push($0) }
                            let results = try verifier.finish(signatures: armored, time: Self.time) { _ in [certificate]
                            }
                            guard results.map(\.outcome) == [.good] else { abort() }
                        }, { bound.verify(size) }
                    )
                }
            ),
        ] + aead("OCB", .ocb) + aead("GCM", .gcm) + [("EAX alone", eax)]
    }
}
