/// What every reader of a message can read: container, cipher and mode from the intersection of their preferences
/// (RFC 9580 section 10.3.2 and section 13.2).
struct SuiteChoice {
    /// Nil for version 1 of the container.
    let aead: AEADID?
    let cipher: SymmetricID

    private static let suites: [CipherSuite] = [
        CipherSuite(.aes256, .ocb), CipherSuite(.aes256, .gcm), CipherSuite(.aes192, .ocb), .mandatory,
    ]
    private static let ciphers: [SymmetricID] = [.aes256, .aes192, .aes128]

    init(for recipients: [EncryptionRecipient], options: EncryptionOptions) throws {
        if let cipher = options.cipher {
            guard [.aes128, .aes192, .aes256, .camellia128, .camellia192, .camellia256].contains(cipher) else {
                throw OpenPGPError(.unsupportedAlgorithm, "\(cipher) is not written")
            }
        }
        let everybodyReadsAEAD =
            !recipients.isEmpty && recipients.allSatisfy { $0.preferences.features?.contains(.seipdV2) ?? false }
        switch options.container {
        case .seipdV2: break
        case .automatic where everybodyReadsAEAD: break
        case .automatic, .seipdV1:
            aead = nil
            cipher =
                options.cipher
                ?? Self.ciphers.first { cipher in
                    // Who says nothing reads what everybody reads by now.
                    recipients.allSatisfy {
                        $0.preferences.symmetric.isEmpty || $0.preferences.symmetric.contains(cipher)
                    }
                } ?? .aes128
            return
        }
        let suite = Self.suites.filter { options.cipher == nil || $0.cipher == options.cipher }.first { suite in
            recipients.allSatisfy { $0.preferences.cipherSuites.contains(suite) || suite == .mandatory }
        }
        aead = suite?.aead ?? .ocb
        cipher = options.cipher ?? suite?.cipher ?? .aes128
    }
}
