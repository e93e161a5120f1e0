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
        private let sessionKeys: [SessionKey]
        private let limits: S2KLimits
        /// Whether a cipher may be read.
        private let accepts: (SymmetricID) -> Bool
        /// Whether data without any integrity protection is read.
        let allowsUnprotected: Bool
        /// Whether a message that is not encrypted is refused.
        let isRequired: Bool
        private var forKeys: [EncryptedSessionKey] = []
        private var forPasswords: [PasswordEncryptedSessionKey] = []
        private var count = 0
        private(set) var protection: DataProtection?
        /// The session key that opened the message.
        private(set) var sessionKey: SessionKey?

        init(
            keys: @escaping ([KeyID]) throws -> [DecryptionKey], passwords: [SecretBytes], sessionKeys: [SessionKey],
            limits: S2KLimits, allowsUnprotected: Bool, isRequired: Bool, accepts: @escaping (SymmetricID) -> Bool
        ) {
            self.keys = keys
            self.passwords = passwords
            self.sessionKeys = sessionKeys
            self.limits = limits
            self.allowsUnprotected = allowsUnprotected
            self.isRequired = isRequired
            self.accepts = accepts
        }

        fileprivate func opened(_ header: ContainerHeader, _ sessionKey: SessionKey) {
            self.sessionKey = sessionKey
            protection = header.protection(under: sessionKey)
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

        /// The session keys worth a try, from packets whose version belongs to the container (RFC 9580 section 10.3.2.1).
        /// Throws `noUsableKey` if no key or password is for this message.
        fileprivate func candidates(for header: ContainerHeader) throws -> [SessionKey] {
            if !sessionKeys.isEmpty { return sessionKeys.filter { header.fits($0) } }
            let packets = forKeys.filter { header.accepts($0) }
            let known = packets.isEmpty ? [] : try keys(recipients)
            var candidates: [SessionKey] = []
            var tries = 0
            for packet in packets {
                for key in known where packet.mayBe(for: key.publicKey) {
                    guard tries < Self.maximumTries else { break }
                    tries += 1
                    if let found = try? packet.open(with: key, cipher: header.suite?.cipher) {
                        candidates.append(found)
                    }
                }
            }
            for packet in forPasswords where header.accepts(packet) {
                for password in passwords {
                    guard tries < Self.maximumTries else { break }
                    tries += 1
                    if let found = try? packet.open(with: password, cipher: header.suite?.cipher, limits: limits) {
                        candidates.append(found)
                    }
                }
            }
            guard tries > 0 else {
                throw OpenPGPError(.noUsableKey, "the message is not encrypted to any key at hand")
            }
            // A refused cipher must look like any other failure: it comes out of what an attacker may have sealed.
            return candidates.filter { header.fits($0) && accepts($0.algorithm) }
        }
    }

    private let tag: PacketTag
    private let environment: Environment
    private let content: MessageContent
    private var opening: [UInt8] = []
    private var header: ContainerHeader?
    /// One candidate: decrypted as it comes. Several: the ciphertext waits.
    private var streaming: Attempt?
    private var candidates: [SessionKey] = []
    private let waiting = Spool()

    init(_ tag: PacketTag, _ environment: Environment, _ content: MessageContent) {
        self.tag = tag
        self.environment = environment
        self.content = content
    }

    func push(_ bytes: Span<UInt8>) throws {
        var rest = bytes
        while header == nil {
            let missing = try ContainerHeader.missing(opening, tag)
            guard missing > 0 else {
                try begin(try ContainerHeader(opening, tag))
                break
            }
            guard rest.count > 0 else { return }
            let taken = min(missing, rest.count)
            opening.append(rest.extracting(0..<taken))
            rest = rest.extracting(taken..<rest.count)
        }
        if let streaming { try streaming.push(rest) } else { try waiting.append(rest) }
    }

    func finish() throws {
        if header == nil, try ContainerHeader.missing(opening, tag) == 0 { try push([UInt8]().span) }
        guard let header else { throw OpenPGPError(.truncated, "an encrypted packet ends in its header") }
        if let streaming {
            guard try streaming.isAuthentic() else { throw Self.failure }
            return try streaming.finish()
        }
        for candidate in candidates {
            // Nothing of an attempt that fails is kept: a first pass finds the key, a second one reads.
            let probe = try Attempt(header, candidate, nil)
            try waiting.forEachChunk { try probe.push($0) }
            guard try probe.isAuthentic() else { continue }
            content.isAuthentic = header.isAEAD
            let attempt = try Attempt(header, candidate, content)
            try waiting.forEachChunk { try attempt.push($0) }
            guard try attempt.isAuthentic() else { break }
            environment.opened(header, candidate)
            return try attempt.finish()
        }
        throw Self.failure
    }

    /// One error for wrong keys, broken padding, broken checksums and broken integrity: which it was would be an oracle.
    private static let failure = OpenPGPError(
        .notDecryptable, "the message cannot be decrypted: it was changed, or the key is wrong")

    private func begin(_ header: ContainerHeader) throws {
        self.header = header
        candidates = try environment.candidates(for: header)
        if candidates.count == 1, let only = candidates.first {
            environment.opened(header, only)
            content.isAuthentic = header.isAEAD
            streaming = try Attempt(header, only, content)
        }
    }

    /// One session key on trial.
    private final class Attempt {
        private let reader: any ProtectedDataReader
        private let layer: MessageLayer?
        private var innerError: (any Error)?

        init(_ header: ContainerHeader, _ sessionKey: SessionKey, _ content: MessageContent?) throws {
            reader = try header.reader(sessionKey)
            layer = content.map { MessageLayer($0, encryption: nil, depth: 1) }
        }

        func push(_ bytes: Span<UInt8>) throws {
            try reader.push(bytes) { take($0) }
        }

        /// What goes wrong inside is told only when the message proves authentic.
        private func take(_ plain: Span<UInt8>) {
            guard innerError == nil, let layer else { return }
            do { try layer.push(plain) } catch { innerError = error }
        }

        func isAuthentic() throws -> Bool { try reader.finish { take($0) } }

        func finish() throws {
            if let innerError { throw innerError }
            try layer?.finish()
        }
    }
}
