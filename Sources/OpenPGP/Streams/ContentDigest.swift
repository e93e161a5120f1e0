import Libcrypto

/// How the content of a data signature is hashed: octet by octet, or with line ends as CR LF.
public enum SignatureMode: Sendable {
    /// Type 0x00.
    case binary
    /// Type 0x01: survives a change of line ends.
    case text

    var type: SignatureType { self == .binary ? .binary : .text }
}

/// The running hashes of one content under several hash algorithms.
final class ContentDigest {
    private var digests: [SaltedHash: Digest] = [:]
    private var canonicalizer: TextCanonicalizer?

    /// Throws `unsupportedAlgorithm` for a hash that libcrypto lacks.
    init(_ hashes: Set<SaltedHash>, mode: SignatureMode) throws {
        for salted in hashes {
            guard let algorithm = salted.hash.algorithm else {
                throw OpenPGPError(.unsupportedAlgorithm, "\(salted.hash) cannot be computed")
            }
            let digest = try Digest(algorithm, refusingCollisions: true)
            digest.update(salted.salt)
            digests[salted] = digest
        }
        canonicalizer = mode == .text ? TextCanonicalizer() : nil
    }

    func push(_ bytes: Span<UInt8>) {
        if digests.isEmpty { return }
        if canonicalizer == nil {
            for digest in digests.values { digest.update(bytes) }
        } else {
            canonicalizer?.push(bytes) { piece in
                for digest in digests.values { digest.update(piece) }
            }
        }
    }

    /// An independent copy of the state under `hash`, to be closed with a signature's trailer; nil if it was not asked for.
    func digest(_ hash: SaltedHash) throws -> Digest? { try digests[hash]?.copy() }
}
