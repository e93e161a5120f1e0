import Libcrypto
import OpenPGP

enum TestDigest {
    /// A running digest of octets, as `Signature.verify` takes it.
    static func digest(_ hash: HashID, _ bytes: [UInt8]) throws -> Digest {
        guard let algorithm = hash.algorithm else { throw OpenPGPError(.unsupportedAlgorithm, "\(hash)") }
        let digest = try Digest(algorithm)
        digest.update(bytes)
        return digest
    }
}
