import COpenSSL

/// The pair (r, s) as libcrypto takes it: a DER sequence of two integers.
enum DERSignature {
    static func encode(_ r: [UInt8], _ s: [UInt8]) -> [UInt8] {
        let body = integer(r) + integer(s)
        return [0x30] + length(body.count) + body
    }

    private static func integer(_ bytes: [UInt8]) -> [UInt8] {
        var content = Array(bytes.drop { $0 == 0 })
        if content.first.map({ $0 & 0x80 != 0 }) ?? true { content.insert(0, at: 0) }
        return [2] + length(content.count) + content
    }

    private static func length(_ count: Int) -> [UInt8] {
        if count < 0x80 { return [UInt8(count)] }
        let octets = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: count >> $0) }
            .drop { $0 == 0 }
        return [0x80 | UInt8(octets.count)] + octets
    }

    /// What libcrypto made, as two numbers without leading zeros; nil if it is no such sequence.
    static func decode(_ der: [UInt8]) -> (r: [UInt8], s: [UInt8])? {
        der.withUnsafeBufferPointer { buffer -> (r: [UInt8], s: [UInt8])? in
            var position = buffer.baseAddress
            guard let signature = d2i_ECDSA_SIG(nil, &position, buffer.count) else {
                ERR_clear_error()
                return nil
            }
            defer { ECDSA_SIG_free(signature) }
            guard let r = ECDSA_SIG_get0_r(signature), let s = ECDSA_SIG_get0_s(signature) else { return nil }
            return (bytes(r), bytes(s))
        }
    }

    private static func bytes(_ number: OpaquePointer) -> [UInt8] {
        let count = Int(BN_num_bits(number) + 7) / 8
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            written = Int(BN_bn2bin(number, buffer.baseAddress))
        }
    }
}
