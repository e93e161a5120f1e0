import Libcrypto

/// Base64 as text.
enum Base64Text {
    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        Base64.encode(bytes.span, lineLength: 0, into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The form for addresses (RFC 4648 section 5), without padding, of a secret.
    static func encodeForURL(_ secret: SecretBytes) -> SecretBytes {
        let alphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        return SecretBytes(count: (secret.count * 4 + 2) / 3) { text in
            secret.withBytes { octets in
                for position in text.indices {
                    // Each character takes six bits, which lie in one octet or in two.
                    let bit = position * 6
                    let first = UInt16(octets[bit / 8]) << 8
                    let second = bit / 8 + 1 < octets.count ? UInt16(octets[bit / 8 + 1]) : 0
                    text[position] = alphabet[Int((first | second) >> UInt16(10 - bit % 8) & 63)]
                }
            }
        }
    }
}
