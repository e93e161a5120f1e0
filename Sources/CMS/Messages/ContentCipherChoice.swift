/// Which content cipher a message to several recipients gets.
public enum ContentCipherChoice {
    /// What is known of one recipient.
    public struct Recipient: Sendable {
        /// Learnt from signed mail of theirs; nil where none was seen.
        public var learnt: SMIMECapabilities?
        /// From the extension of their certificate (RFC 4262); nil where it has none.
        public var certified: SMIMECapabilities?

        public init(learnt: SMIMECapabilities? = nil, certified: SMIMECapabilities? = nil) {
            self.learnt = learnt
            self.certified = certified
        }
    }

    /// The best cipher that all can read, GCM before CBC: what their mail said counts first, then their certificate. A
    /// recipient of whom nothing is known reads AES-256-CBC (RFC 8551 section 2.7.1.2), as does one who only names
    /// ciphers that are never written.
    public static func choose(_ recipients: [Recipient]) -> ContentCipher {
        let sets = recipients.map { recipient -> Set<ContentCipher> in
            let known = [recipient.learnt, recipient.certified].lazy
                .compactMap { $0 }.map { Set($0.ciphers).intersection(preference) }.first { !$0.isEmpty }
            return known ?? [.aes256CBC]
        }
        guard let first = sets.first else { return .aes256CBC }
        let common = sets.dropFirst().reduce(first) { $0.intersection($1) }
        return preference.first(where: common.contains) ?? .aes256CBC
    }

    /// AES-192 is left out of what is written: who reads it reads AES-256.
    private static let preference: [ContentCipher] = [.aes256GCM, .aes128GCM, .aes256CBC, .aes128CBC]
}
