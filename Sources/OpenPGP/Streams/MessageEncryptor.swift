import Libcrypto

/// Encrypts, and signs where asked, a message as it streams: session keys, then one SEIPD packet around
/// one-pass signatures, a literal packet and the signatures (RFC 9580 section 10.3). Memory does not grow with the message.
public final class MessageEncryptor {
    private let signers: [DataSigner]
    private let content: ContentDigest?
    private let armor: ArmorEncoder?
    private var literal = PartialBodyWriter(.literalData)
    private let container: any ProtectedDataWriter
    /// The key of this message, for those who want to keep it.
    public let sessionKey: SessionKey
    /// What must stand before the first octet of ciphertext.
    private var opening: [UInt8]

    /// Throws `invalidArgument` without any recipient or password, `unsupportedAlgorithm` for a key or cipher that cannot
    /// be used.
    public init(
        recipients: [EncryptionRecipient], signers keys: [SigningKey] = [], options: EncryptionOptions = .init(),
        time: Timestamp
    ) throws {
        guard !recipients.isEmpty || !options.passwords.isEmpty else {
            throw OpenPGPError(.invalidArgument, "no recipient to encrypt to")
        }
        let choice = try SuiteChoice(for: recipients, options: options)
        guard let cipher = choice.cipher.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(choice.cipher) is not written")
        }
        sessionKey = try SessionKey(choice.cipher, key: SecretBytes.random(count: cipher.keySize))
        var packets: [UInt8] = []
        for recipient in recipients {
            PacketWriter.write(
                .publicKeyEncryptedSessionKey,
                body: try sessionKey.sealed(for: recipient, version: choice.aead == nil ? 3 : 6),
                into: &packets)
        }
        for password in options.passwords {
            let body =
                if let aead = choice.aead {
                    try sessionKey.sealed(under: password, CipherSuite(choice.cipher, aead))
                } else {
                    try sessionKey.sealed(under: password)
                }
            PacketWriter.write(.symmetricKeyEncryptedSessionKey, body: body, into: &packets)
        }
        signers = try keys.map { try DataSigner(key: $0, mode: options.signatureMode, time: time) }
        content = signers.isEmpty ? nil : try ContentDigest(Set(signers.map(\.hashing)), mode: options.signatureMode)
        armor =
            options.armor
            ? ArmorEncoder(kind: .message, headers: options.armorHeaders, lineEnding: options.lineEnding) : nil
        if let aead = choice.aead {
            container = try AEADWriter(CipherSuite(choice.cipher, aead), sessionKey: sessionKey.key) {
                packets.append($0)
            }
        } else {
            container = try IntegrityProtectedWriter(cipher, sessionKey: sessionKey.key) { packets.append($0) }
        }
        for signer in signers.reversed() {
            let announcement = signer.onePassPacket(isLast: signer.key === signers.first?.key)
            try container.push(announcement.span) { packets.append($0) }
        }
        opening = packets
        // Format, no file name, no date: nothing of the message shows twice.
        let format = options.signatureMode == .text ? UInt8(ascii: "u") : UInt8(ascii: "b")
        let literalHeader: [UInt8] = [format, 0, 0, 0, 0, 0]
        literal.push(literalHeader.span) { _ in }  // too short to fill a chunk
    }

    /// Takes a piece of the message of any size; appends what is ready of the result.
    public func push(_ bytes: Span<UInt8>, into output: inout [UInt8]) throws {
        open(into: &output)
        content?.push(bytes)
        try literal.push(bytes) { piece in
            try container.push(piece) { emit($0, into: &output) }
        }
    }

    public func push(_ bytes: [UInt8], into output: inout [UInt8]) throws { try push(bytes.span, into: &output) }

    /// Appends the rest. Nothing may be pushed after it.
    public func finish(into output: inout [UInt8]) throws {
        open(into: &output)
        try literal.finish { piece in
            try container.push(piece) { emit($0, into: &output) }
        }
        if let content {
            for signer in signers {
                let packet = try signer.packet(over: content)
                try container.push(packet.span) { emit($0, into: &output) }
            }
        }
        try container.finish { emit($0, into: &output) }
        armor?.finish(into: &output)
    }

    private func open(into output: inout [UInt8]) {
        guard !opening.isEmpty else { return }
        emit(opening.span, into: &output)
        opening = []
    }

    private func emit(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        if let armor {
            armor.push(bytes, into: &output)
        } else {
            output.append(bytes)
        }
    }
}
