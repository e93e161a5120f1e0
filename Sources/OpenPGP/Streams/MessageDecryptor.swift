import Libcrypto

/// A message that was read to its end.
public struct DecryptedMessage: Sendable {
    public let literal: LiteralInfo
    /// The content; never anything of a message whose integrity was not proved.
    public let content: Spool
    /// One result for each signature, in the order of the packets.
    public let signatures: [SignatureResult]
    public var wasEncrypted: Bool { protection != nil }
    /// What kept the message from being changed; nil where it was not encrypted.
    public let protection: DataProtection?
    /// The key that opened the message.
    public let sessionKey: SessionKey?
    /// The key IDs named as recipients; `KeyID.wildcard` for hidden ones.
    public let recipients: [KeyID]
}

/// Reads a message as it streams: decrypts, inflates and verifies the signatures inside. It also reads messages that are
/// signed without being encrypted. Nothing is released before the end, when the integrity of all of it is proved; until
/// then the content waits in a sealed spool.
public final class MessageDecryptor {
    public struct Options: Sendable {
        /// Longest content that is accepted, in octets, also after inflating.
        public var maximumSize = 1 << 30
        /// Where the spool goes past 1 MiB; nil for the default.
        public var spoolDirectory: String?
        public var policy = AlgorithmPolicy.standard
        /// What hashing of passwords may cost.
        public var passwordLimits = S2KLimits.standard
        /// Whether messages without any integrity protection are read, for archives. Never for mail: whoever can change
        /// such a message can make its reader give away the content.
        public var allowsUnprotected = false
        /// Session keys that are known already; the packets that carry some are then not looked at.
        public var sessionKeys: [SessionKey] = []
        /// Whether messages that are not encrypted are refused.
        public var requiresEncryption = false
        public init() {}
    }

    private enum Input {
        case undecided, binary
        case armored(ArmorDecoder)
    }

    private let environment: EncryptedContainer.Environment
    private let content: MessageContent
    private let layer: MessageLayer
    private let judge: SignatureJudge
    private var input = Input.undecided
    private var dearmored: [UInt8] = []

    /// - Parameters:
    ///   - keys: gives the keys for the recipients a message names; `KeyID.wildcard` asks for all that may be meant.
    ///   - passwords: tried on password-encrypted session keys.
    ///   - time: now; signatures are judged at this time.
    ///   - certificates: finds the signers.
    ///   - sink: takes the content instead of the spool: chunks of AEAD as soon as each is authentic, all else at the end.
    ///     When `push` or `finish` throws, what came before is to be discarded: it is not the whole message.
    public init(
        keys: @escaping ([KeyID]) throws -> [DecryptionKey], passwords: [SecretBytes] = [], options: Options = .init(),
        time: Timestamp, certificates: @escaping CertificateLookup, sink: ((Span<UInt8>) throws -> Void)? = nil
    ) {
        environment = EncryptedContainer.Environment(
            keys: keys, passwords: passwords, sessionKeys: options.sessionKeys, limits: options.passwordLimits,
            allowsUnprotected: options.allowsUnprotected, isRequired: options.requiresEncryption,
            accepts: { [policy = options.policy] in policy.accepts(cipher: $0, for: .decryption, at: time) })
        content = MessageContent(
            maximumSize: options.maximumSize, spoolDirectory: options.spoolDirectory, sink: sink)
        layer = MessageLayer(content, encryption: environment)
        judge = SignatureJudge(time: time, policy: options.policy, certificates: certificates)
    }

    /// As above, with the keys at hand.
    public convenience init(
        keys: [DecryptionKey], passwords: [SecretBytes] = [], options: Options = .init(), time: Timestamp,
        certificates: @escaping CertificateLookup, sink: ((Span<UInt8>) throws -> Void)? = nil
    ) {
        self.init(
            keys: { _ in keys }, passwords: passwords, options: options, time: time, certificates: certificates,
            sink: sink)
    }

    /// Takes a piece of the message, armored or binary.
    ///
    /// - Throws: what is wrong with the message: `noUsableKey`, `notDecryptable`, `malformed`, `truncated`, `unexpectedData`,
    ///   `limitExceeded`, `unsupportedAlgorithm`, `integrityFailure` (no integrity protection at all).
    public func push(_ bytes: Span<UInt8>) throws {
        if case .undecided = input {
            guard let first = bytes.octet(0) else { return }
            input = first & 0x80 != 0 ? .binary : .armored(ArmorDecoder { $0 == .message || $0 == .signature })
        }
        switch input {
        case .undecided: break
        case .binary: try layer.push(bytes)
        case .armored(let decoder):
            var piece: [UInt8] = []
            swap(&piece, &dearmored)
            defer { swap(&piece, &dearmored) }
            piece.removeAll(keepingCapacity: true)
            try decoder.push(bytes, into: &piece)
            try layer.push(piece.span)
        }
    }

    public func push(_ bytes: [UInt8]) throws { try push(bytes.span) }

    /// The message, when it is whole. Throws as `push` does.
    public func finish() throws -> DecryptedMessage {
        if case .armored(let decoder) = input {
            var piece: [UInt8] = []
            try decoder.finish(into: &piece)
            try layer.push(piece.span)
        }
        try layer.finish()
        guard let literal = content.literal else {
            throw OpenPGPError(.truncated, "the message has no content")
        }
        try content.release()
        return DecryptedMessage(
            literal: literal, content: content.spool, signatures: try content.judged(by: judge),
            protection: environment.protection, sessionKey: environment.sessionKey,
            recipients: environment.recipients)
    }
}
