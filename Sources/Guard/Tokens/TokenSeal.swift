import Libcrypto

/// Seals what a token stands for under the identifier of its session, which only the client has: the store alone opens
/// nothing, and neither does a token of another session, account or type, or one past its end.
struct TokenSeal {
    private let key: SecretBytes
    private let associatedData: [UInt8]

    /// - Parameters:
    ///   - salt: makes the key one of its own.
    ///   - end: Unix seconds.
    init(_ caller: Caller, salt: SecretBytes, purpose: String, type: CryptoType, end: Int64) throws {
        let octets = salt.withBytes { span in span.indices.map { span[$0] } }
        key = try HKDF.sha256(
            ikm: caller.sessionSecret, salt: octets, info: Array("guardd \(purpose) 1".utf8), count: 32)
        var data = caller.sessionHash
        for number in [caller.account.id, end] {
            data += stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> Int64($0)) }
        }
        associatedData = data + Array(type.rawValue.utf8)
    }

    /// Nonce, ciphertext, tag.
    func seal(_ secret: SecretBytes) throws -> [UInt8] {
        let nonce = try SecureRandom.bytes(12)
        return try nonce
            + secret.withBytes { try AESGCM.seal($0, key: key, nonce: nonce, aad: associatedData) }
    }

    /// - Throws: `LibcryptoError` where anything differs.
    func open(_ sealed: [UInt8]) throws -> SecretBytes {
        guard sealed.count > 12 else { throw LibcryptoError(.authenticationFailed, "the seal is too short") }
        let ciphertext = Array(sealed[12...])
        return try AESGCM.open(ciphertext.span, key: key, nonce: Array(sealed[..<12]), aad: associatedData)
    }
}
