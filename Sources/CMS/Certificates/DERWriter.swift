import Libcrypto

/// Writes elements of DER (ITU-T X.690 section 10).
enum DERWriter {
    /// Tag and length of an element with this many octets of content.
    static func header(_ tag: UInt8, _ count: Int) -> [UInt8] {
        guard count >= 0x80 else { return [tag, UInt8(truncatingIfNeeded: count)] }
        var length: [UInt8] = []
        var rest = count
        while rest > 0 {
            length.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(truncatingIfNeeded: length.count)] + length
    }

    static func element(_ tag: UInt8, _ content: [UInt8]...) -> [UInt8] {
        header(tag, content.reduce(0) { $0 + $1.count }) + content.joined()
    }

    static func sequence(_ content: [UInt8]...) -> [UInt8] { element(DERReader.Tag.sequence, Array(content.joined())) }

    /// An element whose content is secret, in locked memory.
    static func element(_ tag: UInt8, secret parts: [SecretBytes]) -> SecretBytes {
        join([SecretBytes(copying: header(tag, parts.reduce(0) { $0 + $1.count }))] + parts)
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
