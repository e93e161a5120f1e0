import Libcrypto

/// The encrypted packet of a message: finds the session key, decrypts, and lets the message inside count only when its
/// integrity is proved.
final class EncryptedContainer: PacketSink {
    /// What is known about keys: the packets before the encrypted one, and what may open them.
    final class Environment {
        /// Most packets with session keys, and most keys that are tried on one message.
        static let maximumSessionKeys = 1000
        static let maximumTries = 16

        private let keys: ([KeyID]) throws -> [DecryptionKey]
        private let passwords: [SecretBytes]
        private var forKeys: [EncryptedSessionKey] = []
        private var forPasswords: [PasswordEncryptedSessionKey] = []
        private var count = 0
        fileprivate(set) var wasEncrypted = false
        fileprivate(set) var cipher: SymmetricID?

        init(keys: @escaping ([KeyID]) throws -> [DecryptionKey], passwords: [SecretBytes]) {
            self.keys = keys
            self.passwords = passwords
        }

        /// The key IDs that the message names.
        var recipients: [KeyID] { forKeys.map(\.keyID) }

        func add(_ body: [UInt8], _ tag: PacketTag) throws {
            count += 1
            guard count <= Self.maximumSessionKeys else {
                throw OpenPGPError(.limitExceeded, "more than \(Self.maximumSessionKeys) encrypted session keys")
            }
            do {
                if tag == .publicKeyEncryptedSessionKey {
                    forKeys.append(try EncryptedSessionKey(parsingBody: body))
                } else {
                    forPasswords.append(try PasswordEncryptedSessionKey(parsingBody: body))
                }
            } catch is OpenPGPError {
                // One packet we cannot read must not keep us from one we can.
            }
        }

        /// The session keys worth a try. Throws `noUsableKey` if no key or password is for this message.
        fileprivate func sessionKeys() throws -> [SessionKey] {
            let known = forKeys.isEmpty ? [] : try keys(recipients)
            var candidates: [SessionKey] = []
            var tries = 0
            for packet in forKeys {
                for key in known where packet.mayBe(for: key.publicKey) {
                    guard tries < Self.maximumTries else { break }
                    tries += 1
                    if let found = try? packet.open(with: key) { candidates.append(found) }
                }
            }
            for packet in forPasswords {
                for password in passwords {
                    guard tries < Self.maximumTries else { break }
                    tries += 1
                    if let found = try? packet.open(with: password) { candidates.append(found) }
                }
            }
            guard tries > 0 else {
                throw OpenPGPError(.noUsableKey, "the message is not encrypted to any key at hand")
            }
            return candidates
        }
    }

    private let environment: Environment
    private let content: MessageContent
    private var version: UInt8?
    /// One candidate: decrypted as it comes. Several: the ciphertext waits.
    private var streaming: Attempt?
    private var candidates: [SessionKey] = []
    private let waiting = Spool()

    init(_ environment: Environment, _ content: MessageContent) {
        self.environment = environment
        self.content = content
    }

    func push(_ bytes: Span<UInt8>) throws {
        var rest = bytes
        if version == nil {
            guard let first = bytes.octet(0) else { return }
            try begin(version: first)
            rest = bytes.extracting(1..<bytes.count)
        }
        if let streaming { try streaming.push(rest) } else { try waiting.append(rest) }
    }

    func finish() throws {
        guard version != nil else { throw OpenPGPError(.truncated, "an encrypted packet is empty") }
        if let streaming {
            guard streaming.isAuthentic() else { throw Self.failure }
            return try streaming.finish()
        }
        for candidate in candidates {
            // Nothing of an attempt that fails is kept: a first pass finds the key, a second one reads.
            let probe = try Attempt(candidate, nil)
            try waiting.forEachChunk { try probe.push($0) }
            guard probe.isAuthentic() else { continue }
            let attempt = try Attempt(candidate, content)
            try waiting.forEachChunk { try attempt.push($0) }
            guard attempt.isAuthentic() else { break }
            environment.cipher = candidate.algorithm
            return try attempt.finish()
        }
        throw Self.failure
    }

    /// One error for wrong keys, broken padding, broken checksums and broken integrity: which it was would be an oracle.
    private static let failure = OpenPGPError(
        .notDecryptable, "the message cannot be decrypted: it was changed, or the key is wrong")

    private func begin(version first: UInt8) throws {
        version = first
        guard first == 1 else {
            throw OpenPGPError(.unsupportedVersion, "encrypted data of version \(first) is not supported")
        }
        environment.wasEncrypted = true
        candidates = try environment.sessionKeys()
        if candidates.count == 1, let only = candidates.first {
            environment.cipher = only.algorithm
            streaming = try Attempt(only, content)
        }
    }

    /// One session key on trial.
    private final class Attempt {
        private let reader: IntegrityProtectedReader
        private let layer: MessageLayer?
        private var innerError: (any Error)?

        init(_ sessionKey: SessionKey, _ content: MessageContent?) throws {
            reader = try IntegrityProtectedReader(sessionKey)
            layer = content.map { MessageLayer($0, encryption: nil, depth: 1) }
        }

        func push(_ bytes: Span<UInt8>) throws {
            try reader.push(bytes) { plain in
                // What goes wrong inside is told only when the message proves authentic.
                guard innerError == nil, let layer else { return }
                do { try layer.push(plain) } catch { innerError = error }
            }
        }

        func isAuthentic() -> Bool { reader.finish() }

        func finish() throws {
            if let innerError { throw innerError }
            try layer?.finish()
        }
    }
}
