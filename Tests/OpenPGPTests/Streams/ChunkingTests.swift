import Libcrypto
import TestSupport
import Testing

@testable import OpenPGP

/// However input is cut, the result is the same: for every parser and writer that takes pieces.
@Suite struct ChunkingTests {
    private typealias Base = MessageRoundTripTests

    /// Sizes of pieces; 0 for sizes drawn at random.
    static let sizes = [1, 2, 3, 7, 64, 0]

    static func cut(_ bytes: [UInt8], _ size: Int) -> [[UInt8]] {
        var generator = Numbers(state: UInt64(bytes.count))
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let step = size > 0 ? size : Int.random(in: 1...300, using: &generator)
            pieces.append(Array(bytes[start..<min(start + step, bytes.count)]))
            start += step
        }
        return pieces
    }

    /// What came of it: octets and remarks, or the kind of error.
    private enum Outcome: Equatable {
        case read([UInt8], String)
        case failed(OpenPGPError.Code)
    }

    private static func outcome(_ body: () throws -> ([UInt8], String)) -> Outcome {
        do {
            let (bytes, remark) = try body()
            return .read(bytes, remark)
        } catch let error as OpenPGPError { return .failed(error.code) } catch { return .failed(.malformed) }
    }

    /// Runs with the whole input and with pieces of every size; also with damaged input.
    private func check(
        _ input: [UInt8], _ name: String, damaged: Bool = true,
        _ read: @escaping ([[UInt8]]) throws -> ([UInt8], String)
    ) {
        var inputs = [input]
        if damaged {
            for place in stride(from: 1, to: input.count, by: max(1, input.count / 13)) {
                inputs.append(Array(input.prefix(place)))
                var changed = input
                changed[place] ^= 0x04
                inputs.append(changed)
            }
            inputs.append(input + input)
        }
        for (index, input) in inputs.enumerated() {
            let whole = Self.outcome { try read([input]) }
            if index == 0 { #expect(whole != .failed(.malformed), "\(name)") }
            for size in Self.sizes {
                #expect(Self.outcome { try read(Self.cut(input, size)) } == whole, "\(name) \(index) by \(size)")
            }
        }
    }

    // MARK: Armor

    @Test func armor() throws {
        for ending in [Base64.LineEnding.lf, .crlf] {
            for count in [0, 1, 47, 48, 49, 1000] {
                let content = Base.sample(count)
                check(content, "armor of \(count)", damaged: false) { pieces in
                    let encoder = ArmorEncoder(
                        kind: .message, headers: [ArmorHeader("Comment", "a")], lineEnding: ending)
                    var output: [UInt8] = []
                    for piece in pieces { encoder.push(piece, into: &output) }
                    encoder.finish(into: &output)
                    return (output, "")
                }
                let text = Armor.encode(content, kind: .message)
                for form in [text, Array("before\r\n\n".utf8) + text + Array("behind".utf8)] {
                    check(form, "dearmor of \(count)") { pieces in
                        let decoder = ArmorDecoder()
                        var output: [UInt8] = []
                        for piece in pieces where !decoder.isFinished { try decoder.push(piece.span, into: &output) }
                        try decoder.finish(into: &output)
                        return (output, "\(decoder.isFinished)")
                    }
                }
            }
        }
    }

    // MARK: Messages

    private func read(_ pieces: [[UInt8]], _ key: SecretCertificate, _ sessionKeys: [SessionKey]) throws -> (
        [UInt8], String
    ) {
        var options = MessageDecryptor.Options()
        options.sessionKeys = sessionKeys
        let decryptor = MessageDecryptor(keys: key.decryptionKeys(), options: options, time: Base.now) { _ in
            [key.certificate]
        }
        for piece in pieces { try decryptor.push(piece) }
        let message = try decryptor.finish()
        return (try message.content.bytes(), "\(message.signatures.map(\.outcome))")
    }

    private func encrypted(_ key: SecretCertificate, _ suite: CipherSuite?, armor: Bool) throws -> [UInt8] {
        var options = EncryptionOptions()
        options.armor = armor
        var preferences = CertificatePreferences()
        if let suite {
            preferences.features = [.seipdV1, .seipdV2]
            preferences.cipherSuites = [suite]
        }
        let reader = EncryptionRecipient(
            key: try #require(key.certificate.encryptionKeys(at: Base.now).first), preferences: preferences)
        let encryptor = try MessageEncryptor(
            recipients: [reader], signers: [key.signingKey(at: Base.now)], options: options, time: Base.now)
        var output: [UInt8] = []
        try encryptor.push(Base.sample(900), into: &output)
        try encryptor.finish(into: &output)
        return output
    }

    @Test func messages() throws {
        let key = try Base.key("bob")
        let suites = [nil, CipherSuite(.aes256, .ocb), CipherSuite(.aes256, .gcm)]
        for suite in suites {
            for armor in [false, true] {
                let message = try encrypted(key, suite, armor: armor)
                check(message, "\(suite, default: "version 1") \(armor)") { try self.read($0, key, []) }
                check(message, "walk of \(suite, default: "version 1") \(armor)") { pieces in
                    let walker = EncryptedMessageWalker()
                    for piece in pieces { walker.push(piece) }
                    return ([], "\(walker.finish())")
                }
            }
        }
        for mode in [SignatureMode.binary, .text] {
            let signer = try MessageSigner(
                keys: [key.signingKey(at: Base.now)], mode: mode, armor: false, time: Base.now)
            var message: [UInt8] = []
            signer.push(Array("a\r\nb\n\n".utf8).span, into: &message)
            try signer.finish(into: &message)
            check(message, "signed \(mode)") { try self.read($0, key, []) }
        }
    }

    /// EAX is read only, so that its message is made from the inside.
    @Test func eax() throws {
        let sessionKey = try SessionKey(.aes256, key: SecretBytes.random(count: 32))
        var message: [UInt8] = []
        let writer = try AEADWriter(CipherSuite(.aes256, .eax), sessionKey: sessionKey.key) { message.append($0) }
        var literal: [UInt8] = []
        PacketWriter.write(.literalData, body: [0x62, 0, 0, 0, 0, 0] + Base.sample(700), into: &literal)
        try writer.push(literal.span) { message.append($0) }
        try writer.finish { message.append($0) }
        let key = try Base.key("bob")
        #expect(try read([message], key, [sessionKey]).0 == Base.sample(700))
        check(message, "EAX") { try self.read($0, key, [sessionKey]) }
    }

    @Test(.enabled(if: Shell.has("gpg"))) func compressedMessages() throws {
        let home = try GnuPGHome()
        let key = try Base.key("bob")
        for algorithm in ["zip", "zlib", "bzip2"] {
            let message = try home.run(
                ["--compress-algo", algorithm, "--compress-level", "9", "--store"],
                input: Array(repeating: Base.sample(300), count: 4).flatMap { $0 })
            check(message, algorithm) { try self.read($0, key, []) }
        }
    }

    @Test func packets() throws {
        var bytes: [UInt8] = []
        PacketWriter.write(.userID, body: Base.sample(300), into: &bytes)
        PacketWriter.write(.marker, body: [], into: &bytes)
        PacketWriter.writeTag(.literalData, into: &bytes)
        PacketWriter.writePartialLength(exponent: 9, into: &bytes)
        bytes += Base.sample(512)
        PacketWriter.writeLength(10, into: &bytes)
        bytes += Base.sample(10)
        check(bytes, "packets") { pieces in
            var reader = PacketStreamReader()
            var body: [UInt8] = []
            var events = ""
            for piece in pieces {
                var position = 0
                while let step = try reader.next(in: piece.span, from: &position) {
                    switch step {
                    case .began(let header): events += " \(header.tag)"
                    case .ended: events += "."
                    case .body(let range): body += piece[range]
                    }
                }
            }
            if case .ended = try reader.finish() { events += "." }
            return (body, events)
        }
    }

    // MARK: Signatures

    private static let texts = ["", "a", "\n", "a\r\nb", "- a \t\r\n-\n-- \r\r\n b\rc \n\n\n", " \n-----BEGIN\n \t "]

    @Test(arguments: texts) func detachedSignatures(_ text: String) throws {
        let key = try Base.key("bob")
        for mode in [SignatureMode.binary, .text] {
            check(Array(text.utf8), "\(mode)", damaged: false) { pieces in
                let signer = try DetachedSigner(keys: [key.signingKey(at: Base.now)], mode: mode, time: Base.now)
                for piece in pieces { signer.push(piece) }
                let signature = try signer.finish()
                let verifier = try DetachedVerifier(signatures: signature)
                for piece in pieces.reversed().reversed() { verifier.push(piece) }
                let results = try verifier.finish(signatures: signature, time: Base.now) { _ in [key.certificate] }
                let other = try DetachedVerifier(signatures: signature)
                other.push(Array(text.utf8))
                let whole = try other.finish(signatures: signature, time: Base.now) { _ in [key.certificate] }
                return ([], "\(results.map(\.outcome)) \(whole.map(\.outcome))")
            }
        }
    }

    @Test(arguments: texts) func cleartext(_ text: String) throws {
        let key = try Base.key("bob")
        let signer = try key.signingKey(at: Base.now)
        let mark = Array("-----BEGIN PGP SIGNATURE-----".utf8)
        for ending in [Base64.LineEnding.lf, .crlf] {
            check(Array(text.utf8), "signing", damaged: false) { pieces in
                let writer = try CleartextSigner(keys: [signer], lineEnding: ending, time: Base.now)
                var output: [UInt8] = []
                for piece in pieces { writer.push(piece.span, into: &output) }
                try writer.finish(into: &output)
                let found = try CleartextSignature.verify(output, time: Base.now) { _ in [key.certificate] }
                #expect(found?.signatures.map(\.outcome) == [.good])
                #expect(found?.range == 0..<output.count)
                let end = output.indices.first { output[$0...].starts(with: mark) && output[$0 - 1] == 10 }
                return (Array(output[..<(try #require(end))]), "")
            }
            let block = try CleartextSignature.sign(
                Array(text.utf8), keys: [signer], lineEnding: ending, time: Base.now)
            check(Array("before\n".utf8) + block + Array("behind\n".utf8), "reading") { pieces in
                var (received, covered): ([UInt8], [UInt8]) = ([], [])
                let reader = CleartextReader(received: { received.append($0) }, covered: { covered.append($0) })
                for piece in pieces { try reader.push(piece.span) }
                try reader.finish()
                let results = try reader.signatures(time: Base.now, certificates: { _ in [key.certificate] }) {
                    try $0(covered.span)
                }
                return (
                    received + [0] + covered,
                    "\(reader.range, default: "none") \(reader.hasMore) \(results.map(\.outcome))"
                )
            }
        }
    }

    /// The covered text against a reading of RFC 9580 section 7.2 line by line.
    @Test func coveredText() {
        var generator = Numbers(state: 7)
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                [UInt8](" \t\r\n\na-".utf8)[Int.random(in: 0..<7, using: &generator)]
            }
            var expected: [UInt8] = []
            for (index, line) in text.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
                if index > 0 { expected.append(10) }
                expected += CoveredText.trimmed(line)
            }
            if text.last == 10 { expected.removeLast() }
            for size in Self.sizes {
                var covered = CoveredText()
                var output: [UInt8] = []
                for piece in Self.cut(text, size) { covered.push(piece.span) { output.append($0) } }
                var plain = output
                plain.removeAll { $0 == 13 }
                expected.removeAll { $0 == 13 }
                #expect(plain == expected, "\(text) by \(size)")
            }
        }
    }

    @Test func canonicalText() {
        var generator = Numbers(state: 9)
        for _ in 0..<500 {
            let text = String(
                decoding: (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                    [UInt8]("\r\r\nab".utf8)[Int.random(in: 0..<5, using: &generator)]
                }, as: UTF8.self)
            let whole = TextCanonicalizerTests.canonical(text, pieces: 1000)
            for size in [1, 2, 3, 7] { #expect(TextCanonicalizerTests.canonical(text, pieces: size) == whole) }
        }
    }
}

/// Numbers that are the same in every run.
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
