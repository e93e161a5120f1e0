/// Which algorithms and key sizes count, for what, and until when. The tables are all there is to it; who wants another
/// policy changes them.
public struct AlgorithmPolicy: Sendable, Hashable {
    /// What a hash protects.
    public enum HashUse: String, Sendable, CaseIterable {
        /// Signatures over documents: an attacker may have chosen the content, so that collisions count.
        case dataSignature
        /// Bindings by the key itself over its own parts: only a second preimage would help an attacker.
        case selfSignature
        /// Revocations: to ignore one is the greater harm.
        case revocation
    }

    /// What a cipher or AEAD mode does.
    public enum CipherUse: String, Sendable, CaseIterable {
        /// What this library writes.
        case encryption
        /// What it reads.
        case decryption
    }

    /// What a key does. Decrypting with an own key is always allowed.
    public enum KeyUse: String, Sendable, CaseIterable { case signature, encryption }

    /// Hashes of signatures.
    public var hashes = AcceptanceTable<HashID, HashUse>()
    /// Ciphers of messages.
    public var ciphers = AcceptanceTable<SymmetricID, CipherUse>()
    /// AEAD modes of messages.
    public var aeadModes = AcceptanceTable<AEADID, CipherUse>()
    /// Keys that verify signatures or are encrypted to.
    public var keys = AcceptanceTable<KeyClass, KeyUse>()
    /// Longest RSA modulus that is worked with, in bits: verification takes time with the square of it.
    public var maximumModulusBits = 16384
    /// Names of notations that the caller understands: a data signature with one of them marked critical counts, with any
    /// other it does not (RFC 9580 section 5.2.3.24). Empty in the built-in policies. Self-signatures with a critical
    /// notation are always refused.
    public var criticalNotations: Set<String> = []

    /// Makes a policy that accepts nothing.
    public init() {}

    // MARK: Questions

    /// Whether a hash counts.
    ///
    /// - Parameters:
    ///   - creation: when the signature says it was made.
    ///   - evaluation: the time of the judgement.
    public func accepts(hash: HashID, for use: HashUse, created creation: Timestamp?, at evaluation: Timestamp) -> Bool
    {
        // No table can bring back what anybody breaks on a laptop.
        hash != .md5 && hashes[hash, use].holds(created: creation, at: evaluation)
    }

    /// Whether a cipher counts.
    public func accepts(cipher: SymmetricID, for use: CipherUse, at evaluation: Timestamp) -> Bool {
        cipher != .plaintext && ciphers[cipher, use].holds(at: evaluation)
    }

    /// Whether an AEAD mode counts.
    public func accepts(aead mode: AEADID, for use: CipherUse, at evaluation: Timestamp) -> Bool {
        aeadModes[mode, use].holds(at: evaluation)
    }

    /// Why a key does not count for a use; nil where it does. Algorithms without a primitive are never accepted.
    public func weakness(of key: PublicKey, for use: KeyUse, at evaluation: Timestamp) -> String? {
        switch key.parameters {
        case .ecdsa(let curve, _), .eddsaLegacy(let curve, _):
            guard key.isSupported else { return "\(key.algorithm) on \(curve)" }
        case .ecdh(let curve, _, let kdf):
            guard key.isSupported else { return "\(key.algorithm) on \(curve)" }
            // The weakest link: what wraps the session key must be as good as what encrypts under it.
            guard [.sha256, .sha384, .sha512].contains(kdf.hash), [.aes128, .aes192, .aes256].contains(kdf.cipher)
            else { return "ECDH with \(kdf.hash) and \(kdf.cipher)" }
        default: guard key.isSupported else { return "\(key.algorithm)" }
        }
        guard let strength = KeyClass(key), keys[strength, use].holds(at: evaluation),
            !key.algorithm.isRSA || key.bitSize <= maximumModulusBits
        else { return "\(key.algorithm) with \(key.bitSize) bits" }
        return nil
    }

    /// Whether a key counts for a use.
    public func accepts(key: PublicKey, for use: KeyUse, at evaluation: Timestamp) -> Bool {
        weakness(of: key, for: use, at: evaluation) == nil
    }
}

extension PublicKey {
    /// Whether this library has the primitive of the key's algorithm and curve.
    var isSupported: Bool {
        switch parameters {
        case .ecdsa(let curve, _): curve.elliptic != nil
        case .ecdh(let curve, _, _): curve.elliptic != nil || curve == .curve25519Legacy
        case .eddsaLegacy(let curve, _): curve == .ed25519Legacy
        case .rsa, .dsa, .ed25519, .x25519, .ed448, .x448: true
        case .elGamal, .unknown: false
        }
    }
}
