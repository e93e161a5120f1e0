/// Which algorithms and key sizes count, and until when.
///
/// Dates are compared with the time of evaluation ("now"), not with the time a signer claims: who can break an
/// algorithm can also backdate. `standard` follows RFC 9580 section 9.5 and sequoia's built-in policy, with one
/// difference: sequoia ended SHA-1 in self-signatures in February 2023 because a second preimage might come. None has,
/// and the alternative here is often mail in clear text; so they count until 2030 if they say to be older than
/// 2024-01-19, the day from which GnuPG and RNP refuse new ones. Set `sha1SelfSignatureCutoff` to 1675209600 for
/// sequoia's rule.
public struct AlgorithmPolicy: Sendable, Hashable {
    /// What a hash protects.
    public enum HashUse: Sendable {
        /// Signatures over documents: an attacker may have chosen the content, so that collisions count.
        case dataSignature
        /// Bindings by the key itself over its own parts: only a second preimage would help an attacker.
        case selfSignature
        /// Revocations by the key itself: to ignore one is the greater harm.
        case revocation
    }

    /// What a key does.
    public enum KeyUse: Sendable { case signature, encryption }

    /// Evaluation time from which SHA-1 and RIPEMD-160 no longer count in self-signatures.
    public var sha1SelfSignatureCutoff = Timestamp(1_896_134_400)
    /// Self-signatures with SHA-1 or RIPEMD-160 that say to be made at or after this time never count.
    public var sha1SelfSignatureLastCreation = Timestamp(1_705_622_400)
    /// Whether SHA-1 counts in data signatures. Off: collisions are practical.
    public var acceptsSHA1DataSignatures = false
    /// Shortest modulus of RSA and prime of DSA that counts, in bits.
    public var minimumModulusBits = 2048
    /// Evaluation time from which DSA no longer counts.
    public var dsaCutoff = Timestamp(1_896_134_400)
    /// Longest RSA modulus that is worked with, in bits: verification takes time with the square of it.
    public var maximumModulusBits = 16384

    /// The built-in policy.
    public static let standard = AlgorithmPolicy()

    /// A policy that takes everything but MD5 and keys below 1024 bits, to look into archives.
    public static let archive: AlgorithmPolicy = {
        var policy = AlgorithmPolicy()
        policy.sha1SelfSignatureCutoff = Timestamp(.max)
        policy.sha1SelfSignatureLastCreation = Timestamp(.max)
        policy.acceptsSHA1DataSignatures = true
        policy.minimumModulusBits = 1024
        policy.dsaCutoff = Timestamp(.max)
        return policy
    }()

    /// Makes the standard policy, to be changed.
    public init() {}

    /// Whether a hash counts.
    ///
    /// - Parameters:
    ///   - creation: when the signature says it was made.
    ///   - evaluation: the time of the judgement.
    public func accepts(hash: HashID, for use: HashUse, created creation: Timestamp?, at evaluation: Timestamp) -> Bool
    {
        switch hash {
        case .sha224, .sha256, .sha384, .sha512, .sha3_256, .sha3_512: return true
        case .sha1, .ripemd160:
            switch use {
            case .dataSignature: return acceptsSHA1DataSignatures
            case .revocation: return true
            case .selfSignature:
                guard let creation else { return false }
                return evaluation < sha1SelfSignatureCutoff && creation < sha1SelfSignatureLastCreation
            }
        default: return false
        }
    }

    /// Why a key does not count for a use; nil where it does. Algorithms without a primitive are never accepted.
    public func weakness(of key: PublicKey, for use: KeyUse, at evaluation: Timestamp) -> String? {
        switch key.parameters {
        case .rsa:
            guard (minimumModulusBits...max(minimumModulusBits, maximumModulusBits)).contains(key.bitSize) else {
                return "RSA with \(key.bitSize) bits"
            }
        case .dsa:
            guard use == .signature, key.bitSize >= minimumModulusBits, evaluation < dsaCutoff else {
                return "DSA with \(key.bitSize) bits"
            }
        case .ecdsa(let curve, _):
            guard curve.elliptic != nil else { return "ECDSA on \(curve)" }
        case .eddsaLegacy(let curve, _):
            guard curve == .ed25519Legacy else { return "EdDSA on \(curve)" }
        case .ecdh(let curve, _, let kdf):
            guard curve.elliptic != nil || curve == .curve25519Legacy else { return "ECDH on \(curve)" }
            guard [.sha256, .sha384, .sha512].contains(kdf.hash), [.aes128, .aes192, .aes256].contains(kdf.cipher)
            else { return "ECDH with \(kdf.hash) and \(kdf.cipher)" }
        case .ed25519, .x25519: break
        case .elGamal, .ed448, .x448, .unknown: return "\(key.algorithm)"
        }
        return nil
    }

    /// Whether a key counts for a use.
    public func accepts(key: PublicKey, for use: KeyUse, at evaluation: Timestamp) -> Bool {
        weakness(of: key, for: use, at: evaluation) == nil
    }
}
