import Libcrypto

/// How chunked AEAD data is keyed and numbered: alike for writing and reading, by two schemes.
struct AEADChunks {
    private let cipher: AEADCipher
    private let prefix: [UInt8]
    private let nonceBase: [UInt8]
    /// GnuPG's packet counts in the associated data and adds the number to its nonce by XOR.
    private let isGnuPG: Bool
    /// Octets of plaintext in every chunk but the last.
    let size: Int

    /// Largest chunk, as its octet says it: 4 MiB (RFC 9580 section 5.13.2).
    static let maximumSizeOctet: UInt8 = 16

    /// Version 2 of the protected data packet (RFC 9580 section 5.13.2): key and nonce come from the session key and a
    /// salt of 32 octets.
    init(suite: CipherSuite, sizeOctet: UInt8, sessionKey: SecretBytes, salt: [UInt8]) throws {
        let (algorithm, aead) = try Self.algorithms(suite, sizeOctet)
        prefix = [0xD2, 2, suite.cipher.rawValue, suite.aead.rawValue, sizeOctet]
        let nonce = aead.nonceSize - 8
        let derived = try HKDF.sha256(
            ikm: sessionKey, salt: salt, info: prefix, count: algorithm.keySize + nonce)
        guard let key = derived.slice(0..<algorithm.keySize),
            let base = derived.slice(algorithm.keySize..<algorithm.keySize + nonce)
        else { throw OpenPGPError(.invalidArgument, "no key for \(suite)") }
        cipher = try AEADCipher(aead, algorithm, key: key)
        nonceBase = base.withBytes { bytes in bytes.indices.map { bytes[$0] } } + [UInt8](repeating: 0, count: 8)
        isGnuPG = false
        size = 1 << (Int(sizeOctet) + 6)
    }

    /// The packet of type 20 that GnuPG 2.4 writes: the session key is used as it is, the nonce stands in the packet.
    init(gnupg suite: CipherSuite, sizeOctet: UInt8, sessionKey: SecretBytes, nonce: [UInt8]) throws {
        let (algorithm, aead) = try Self.algorithms(suite, sizeOctet)
        guard nonce.count == aead.nonceSize else { throw OpenPGPError(.malformed, "a nonce of \(nonce.count) octets") }
        prefix = [0xD4, 1, suite.cipher.rawValue, suite.aead.rawValue, sizeOctet]
        cipher = try AEADCipher(aead, algorithm, key: sessionKey)
        nonceBase = nonce
        isGnuPG = true
        size = 1 << (Int(sizeOctet) + 6)
    }

    private static func algorithms(
        _ suite: CipherSuite, _ sizeOctet: UInt8
    ) throws -> (SymmetricAlgorithm, AEADAlgorithm) {
        guard let algorithm = suite.cipher.algorithm, let aead = suite.aead.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(suite) is not supported")
        }
        guard sizeOctet <= maximumSizeOctet else {
            throw OpenPGPError(.limitExceeded, "chunks of more than 4 MiB are not read")
        }
        return (algorithm, aead)
    }

    private func nonce(_ index: UInt64) -> [UInt8] {
        var nonce = nonceBase
        let start = nonce.count - 8
        for (offset, octet) in Self.octets(index).enumerated() { nonce[start + offset] ^= octet }
        return nonce
    }

    private func associatedData(_ index: UInt64, total: UInt64?) -> [UInt8] {
        prefix + (isGnuPG ? Self.octets(index) : []) + (total.map(Self.octets) ?? [])
    }

    private static func octets(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
    }

    /// Appends a chunk and its tag. The closing tag is that of an empty chunk with the `total` of octets.
    func seal(
        _ plaintext: Span<UInt8>, index: UInt64, total: UInt64? = nil, into output: inout [UInt8]
    ) throws {
        try cipher.seal(
            plaintext, nonce: nonce(index), associatedData: associatedData(index, total: total), into: &output)
    }

    /// Appends the plaintext of a chunk; false where it is not authentic.
    func open(
        _ sealed: Span<UInt8>, index: UInt64, total: UInt64? = nil, into output: inout [UInt8]
    ) throws -> Bool {
        try cipher.open(
            sealed, nonce: nonce(index), associatedData: associatedData(index, total: total), into: &output)
    }
}
