import Libcrypto

/// The kinds of keys that are generated here.
public enum GeneratedKeyKind: String, Sendable, CaseIterable {
    case rsa2048, rsa3072, p256, p384
}

extension CMSPrivateKey {
    /// A fresh key. RSA takes a tenth of a second to several seconds.
    public static func generate(_ kind: GeneratedKeyKind) throws -> CMSPrivateKey {
        do {
            switch kind {
            case .rsa2048: return try CMSPrivateKey(info: rsa(RSAKeyNumbers.generate(bits: 2048)))
            case .rsa3072: return try CMSPrivateKey(info: rsa(RSAKeyNumbers.generate(bits: 3072)))
            case .p256: return try CMSPrivateKey(info: ec(ECKeyNumbers.generate(.p256), "prime256v1"))
            case .p384: return try CMSPrivateKey(info: ec(ECKeyNumbers.generate(.p384), "secp384r1"))
            }
        } catch let error as LibcryptoError {
            throw CMSError.library(.internalFailure, "key generation failed: \(error.message)")
        }
    }

    private static func rsa(_ numbers: RSAKeyNumbers) throws -> SecretBytes {
        func integer(_ octets: [UInt8]) -> SecretBytes { SecretDER.integer(secret: SecretBytes(copying: octets)) }
        // PKCS#1 inverts its second prime modulo its first, OpenPGP its first modulo its second.
        let (first, second) = (numbers.q, numbers.p)
        let parts = [
            integer([0]), integer(numbers.n), integer(numbers.e), SecretDER.integer(secret: numbers.d),
            SecretDER.integer(secret: first), SecretDER.integer(secret: second),
            SecretDER.integer(secret: try PrivateKeyHandle.exponent(numbers.d, modulo: first)),
            SecretDER.integer(secret: try PrivateKeyHandle.exponent(numbers.d, modulo: second)),
            SecretDER.integer(secret: numbers.u),
        ]
        return PrivateKeyInfo.wrap(rsa: SecretDER.element(DERReader.Tag.sequence, secret: parts))
    }

    private static func ec(_ numbers: ECKeyNumbers, _ curve: String) throws -> SecretBytes {
        guard let identifier = KeyIdentifiers.curves.first(where: { $0.name == curve })?.identifier else {
            throw CMSError(.unsupported, "the curve is not supported")
        }
        let point = DER.element(DERReader.Tag.bitString, [0], numbers.point)
        let key = SecretDER.element(
            DERReader.Tag.sequence,
            secret: [
                SecretBytes(copying: [2, 1, 1]),
                SecretDER.element(DERReader.Tag.octetString, secret: [numbers.scalar]),
                SecretBytes(copying: DER.element(DERReader.Tag.context(1), point)),
            ])
        return PrivateKeyInfo.wrap(ec: key, curve: DER.objectID(identifier))
    }
}
