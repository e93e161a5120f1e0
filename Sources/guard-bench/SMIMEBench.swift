import CMS
import Glibc
import Libcrypto

/// The rows of S/MIME: ours beside libcrypto's own CMS in this process, `openssl cms` as a process, and the bound of the
/// cipher or hash alone.
struct SMIMEBench {
    private static let sizes = [("2 KiB", 2 << 10), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20), ("25 MiB", 25 << 20)]

    let seconds: Double
    let json: Bool
    private let piece = [UInt8](repeating: 0x61, count: 64 << 10)
    private let identities: [(String, BenchIdentity)]

    init(seconds: Double, json: Bool) throws {
        self.seconds = seconds
        self.json = json
        identities = try [BenchIdentity.Algorithm.rsa2048, .p256].map { ($0.rawValue, try BenchIdentity($0)) }
    }

    private struct Row {
        let ours: () throws -> Void
        let peer: () -> Void
        let bound: () -> Void
        let process: () -> Double?
    }

    func run() throws {
        if !json {
            let head = "operation".padded(26) + "size".padded(8) + "ours/s".leading(10) + "libcrypto/s".leading(13)
            print(
                head + "ratio".leading(8) + "process/s".leading(11) + "bound/s".leading(10) + "ratio".leading(8)
                    + "peak KiB".leading(10))
        }
        for (name, operation) in try operations() {
            for (label, size) in Self.sizes {
                let row = try operation(size)
                var (ours, peer, bound) = (Double.infinity, Double.infinity, Double.infinity)
                for _ in 0..<3 {
                    ours = min(ours, try Clock.best(seconds: seconds / 3, row.ours))
                    peer = min(peer, Clock.best(seconds: seconds / 3, row.peer))
                    bound = min(bound, Clock.best(seconds: seconds / 6, row.bound))
                }
                let peak = Child.number(["peak", name, String(size)]) ?? -1
                show(name, label, size, (ours, peer, bound, row.process() ?? .infinity), peak)
            }
        }
    }

    /// As ``CoreBench/peak(_:_:)``.
    func peak(_ name: String, _ size: Int) throws -> Int? {
        guard let operation = try operations().first(where: { $0.0 == name })?.1 else { return nil }
        try operation(1024).ours()
        return try Clock.peakMemory(operation(size).ours)
    }

    private func show(
        _ name: String, _ label: String, _ size: Int, _ times: (Double, Double, Double, Double), _ peak: Int
    ) {
        let (ours, peer, bound, process) = times
        if json {
            let rates =
                "\"ours_per_second\":\(1 / ours),\"libcrypto_per_second\":\(1 / peer),\"process_per_second\":\(1 / process),\"bound_per_second\":\(1 / bound)"
            let ratios = "\"ratio\":\(peer / ours),\"bound_ratio\":\(bound / ours),\"peak_bytes\":\(peak)"
            print("{\"operation\":\"\(name)\",\"size\":\(size),\(rates),\(ratios)}")
        } else {
            print(
                name.padded(26) + label.padded(8) + (1 / ours).text(1).leading(10) + (1 / peer).text(1).leading(13)
                    + (peer / ours).text(2).leading(8) + (1 / process).text(1).leading(11)
                    + (1 / bound).text(1).leading(10)
                    + (bound / ours).text(2).leading(8) + String(peak / 1024).leading(10))
        }
        fflush(nil)
    }

    private func operations() throws -> [(String, (Int) throws -> Row)] {
        try identities.flatMap { label, identity in
            try signing(label, identity)
                + encryption(label + "-cbc", identity, .aes256CBC)
                + (label == "p256" ? encryption(label + "-gcm", identity, .aes256GCM) : [])
        }
    }

    private func content(_ size: Int) -> [UInt8] { [UInt8](repeating: 0x61, count: size) }

    private func push(_ size: Int, _ body: (Span<UInt8>) throws -> Void) rethrows {
        var left = size
        while left > 0 {
            let step = min(left, piece.count)
            try body(piece.span.extracting(0..<step))
            left -= step
        }
    }

    private func signing(_ label: String, _ identity: BenchIdentity) throws -> [(String, (Int) throws -> Row)] {
        let signer = try CMSSigner(certificate: identity.certificate, privateKey: identity.privateKey)
        let peer = LibcryptoCMS(identity: identity, piece: piece)
        let process = OpenSSLProcess(identity)
        func sign(_ size: Int) throws -> [UInt8] {
            var output: [UInt8] = []
            let writer = try SignedDataWriter(
                signers: [signer], form: .detached, options: .init(signingTime: 1_790_000_000)
            ) { piece in piece.withUnsafeBufferPointer { output.append(contentsOf: $0) } }
            try push(size) { try writer.push($0) }
            try writer.finish()
            return output
        }
        return [
            (
                "smime-sign-" + label,
                { size in
                    Row(
                        ours: { _ = try sign(size) }, peer: { peer.sign(size) },
                        bound: { CipherBound.hash(size, piece) },
                        process: {
                            let arguments = ["-sign", "-in", "@content", "-outform", "DER", "-signer", "@certificate"]
                            return process?.seconds(arguments + ["-inkey", "@key"], content: content(size))
                        })
                }
            ),
            (
                "smime-verify-" + label,
                { size in
                    let signature = try sign(size)
                    let content = content(size)
                    return Row(
                        ours: {
                            let reader = try SignedDataReader(CMSContent.parse(signature))
                            let digests = try ContentDigests(reader.hashes)
                            digests.push(content.span)
                            guard try reader.verify(detached: digests).signers.map(\.outcome) == [.valid] else {
                                abort()
                            }
                        }, peer: { peer.verify(signature, content) }, bound: { CipherBound.hash(size, piece) },
                        process: {
                            let arguments = ["-verify", "-noverify", "-inform", "DER", "-in", "@message"]
                            return process?.seconds(
                                arguments + ["-content", "@content"], content: content, message: signature)
                        })
                }
            ),
        ]
    }

    private func encryption(
        _ label: String, _ identity: BenchIdentity, _ cipher: ContentCipher
    ) -> [(String, (Int) throws -> Row)] {
        let peer = LibcryptoCMS(identity: identity, piece: piece)
        let process = OpenSSLProcess(identity)
        let isGCM = cipher.isAuthenticated
        func encrypt(_ size: Int, _ sink: @escaping CMSSink) throws {
            let writer = try EnvelopedDataWriter(
                recipients: [CMSRecipient(identity.certificate)], cipher: cipher, sink: sink)
            try push(size) { try writer.push($0) }
            try writer.finish()
        }
        return [
            (
                "smime-encrypt-" + label,
                { size in
                    Row(
                        ours: { try encrypt(size) { _ in } }, peer: { peer.encrypt(size, isGCM: isGCM) },
                        bound: { CipherBound.cipher(size, piece, isGCM: isGCM, encrypt: true) },
                        process: {
                            let cipher = isGCM ? "-aes-256-gcm" : "-aes-256-cbc"
                            let arguments = ["-encrypt", "-stream", cipher, "-in", "@content", "-outform", "DER"]
                            return process?.seconds(arguments + ["@certificate"], content: content(size))
                        })
                }
            ),
            (
                "smime-decrypt-" + label,
                { size in
                    var message: [UInt8] = []
                    try encrypt(size) { piece in piece.withUnsafeBufferPointer { message.append(contentsOf: $0) } }
                    let encrypted = message
                    let key = CMSDecryptionKey(certificate: identity.certificate, privateKey: identity.privateKey)
                    return Row(
                        ours: {
                            let reader = try EnvelopedDataReader(CMSContent.parse(encrypted))
                            guard try reader.decrypt(with: [key]).content.count == size else { abort() }
                        }, peer: { peer.decrypt(encrypted) },
                        bound: { CipherBound.cipher(size, piece, isGCM: isGCM, encrypt: false) },
                        process: {
                            let arguments = ["-decrypt", "-inform", "DER", "-in", "@message", "-recip", "@certificate"]
                            return process?.seconds(arguments + ["-inkey", "@key"], message: encrypted)
                        })
                }
            ),
        ]
    }
}
