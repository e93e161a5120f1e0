import Libcrypto

/// A cleartext-signed text found in a larger one.
public struct CleartextVerification: Sendable {
    /// Where the whole block stands, from its first dash to the end of its last line: what lies outside is not signed.
    public let range: Range<Int>
    /// The text that is signed, without dash escapes, line ends as received.
    public let text: [UInt8]
    public let signatures: [SignatureResult]
}

extension CleartextSignature {
    /// Verifies the first cleartext-signed block in `bytes` (RFC 9580 section 7); nil if there is none. What follows the
    /// block is not looked at.
    ///
    /// - Throws: as ``CleartextReader`` does.
    public static func verify(
        _ bytes: [UInt8], time: Timestamp, policy: AlgorithmPolicy = .standard,
        certificates: @escaping CertificateLookup
    ) throws -> CleartextVerification? {
        var received: [UInt8] = []
        var covered: [UInt8] = []
        let reader = CleartextReader(received: { received.append($0) }, covered: { covered.append($0) })
        try reader.push(bytes.span)
        try reader.finish()
        guard let range = reader.range else { return nil }
        let results = try reader.signatures(time: time, policy: policy, certificates: certificates) {
            try $0(covered.span)
        }
        return CleartextVerification(range: range, text: received, signatures: results)
    }
}
