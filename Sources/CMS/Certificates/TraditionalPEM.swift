import COpenSSL
import Libcrypto

/// Keys that were locked the old way of PEM: DEK-Info (RFC 1421 section 4.6.1.3), a key derived with one round of MD5.
enum TraditionalPEM {
    private static let ciphers = ["AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "DES-EDE3-CBC", "DES-CBC"]

    static func decrypt(_ block: PEM.Block, password: SecretBytes) throws -> SecretBytes {
        let parts = (block.fields["DEK-Info"] ?? "").split(separator: ",")
        guard parts.count == 2, let name = ciphers.first(where: { $0 == parts[0] }) else {
            throw CMSError(.unsupported, "the private key is locked with a cipher that is not supported")
        }
        let vector = hexadecimalOctets(parts[1])
        guard let cipher = EVP_CIPHER_fetch(LegacyContext.shared ?? LibraryContext.shared, name, nil) else {
            throw CMSError.library(.unsupported, "the cipher of the private key is not available")
        }
        defer { EVP_CIPHER_free(cipher) }
        guard let digest = EVP_MD_fetch(LibraryContext.shared, "MD5", nil) else {
            throw CMSError.library(.unsupported, "MD5 is not available")
        }
        defer { EVP_MD_free(digest) }
        guard vector.count == Int(EVP_CIPHER_get_iv_length(cipher)), vector.count >= 8 else {
            throw CMSError(.malformed, "a PEM block is damaged")
        }
        let size = Int(EVP_CIPHER_get_key_length(cipher))
        let key = try SecretBytes(raw: size) { target in
            let made = password.withPointer {
                EVP_BytesToKey(cipher, digest, vector, $0, Int32(clamping: password.count), 1, target, nil)
            }
            guard made == size else { throw CMSError.exhausted("EVP_BytesToKey") }
        }
        guard let context = EVP_CIPHER_CTX_new() else { throw CMSError.exhausted("EVP_CIPHER_CTX_new") }
        defer { EVP_CIPHER_CTX_free(context) }
        guard key.withPointer({ EVP_DecryptInit_ex2(context, cipher, $0, vector, nil) }) == 1 else {
            throw CMSError.exhausted("EVP_DecryptInit_ex2")
        }
        var count: Int32 = 0
        let padded = try SecretBytes(raw: block.content.count + 32) { target in
            var last: Int32 = 0
            let status = block.content.withPointer { input -> Int32 in
                guard EVP_DecryptUpdate(context, target, &count, input, Int32(clamping: block.content.count)) == 1
                else { return 0 }
                return EVP_DecryptFinal_ex(context, target + Int(count), &last)
            }
            guard status == 1 else {
                throw CMSError.library(.wrongPassword, "the password does not open the private key")
            }
            count += last
        }
        guard let plain = padded.slice(0..<Int(count)) else { throw DERReader.malformed }
        return plain
    }

    private static func hexadecimalOctets(_ text: Substring) -> [UInt8] {
        let digits = text.compactMap { $0.hexDigitValue }
        guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return [] }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
