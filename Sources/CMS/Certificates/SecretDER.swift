import Libcrypto

/// Writes elements of DER whose content is secret, in locked memory.
enum SecretDER {
    static func element(_ tag: UInt8, secret parts: [SecretBytes]) -> SecretBytes {
        join([SecretBytes(copying: DER.header(tag, parts.reduce(0) { $0 + $1.count }))] + parts)
    }

    /// A non-negative INTEGER out of its magnitude, most significant octet first.
    static func integer(secret magnitude: SecretBytes) -> SecretBytes {
        let zeros = magnitude.withBytes { bytes in bytes.indices.first { bytes[$0] != 0 } ?? bytes.count }
        let needsZero = magnitude.withBytes { zeros == $0.count || $0[zeros] >= 0x80 }
        let digits = magnitude.slice(zeros..<magnitude.count).map { [$0] } ?? []
        return element(
            DERReader.Tag.integer, secret: (needsZero ? [SecretBytes(copying: [0 as UInt8])] : []) + digits)
    }

    static func join(_ parts: [SecretBytes]) -> SecretBytes {
        SecretBytes(count: parts.reduce(0) { $0 + $1.count }) { output in
            var position = 0
            for part in parts {
                part.withBytes { bytes in
                    for index in bytes.indices { output[position + index] = bytes[index] }
                }
                position += part.count
            }
        }
    }
}
