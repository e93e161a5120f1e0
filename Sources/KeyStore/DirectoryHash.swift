import Libcrypto

/// How a Web Key Directory names a mailbox (draft-koch-openpgp-webkey-service, section 3.1): z-base-32 of the SHA-1 of the
/// local part with ASCII letters in lower case.
public enum DirectoryHash {
    private static let alphabet = [UInt8]("ybndrfg8ejkmcpqxot1uwisza345h769".utf8)

    public static func of(_ localPart: String) throws -> String {
        let digest = try Digest.hash(.sha1, Array(AddressFolding.fold(localPart).utf8))
        var text: [UInt8] = []
        var bits: UInt64 = 0
        var count = 0
        for octet in digest {
            bits = bits << 8 | UInt64(octet)
            count += 8
            while count >= 5 {
                count -= 5
                text.append(alphabet[Int(bits >> UInt64(count) & 31)])
            }
            // Only what is left counts; the rest would overflow in the end.
            bits &= 0xFF
        }
        return String(decoding: text, as: UTF8.self)
    }
}
