/// Keys that are equally strong, as a policy tells them apart. Sizes in bits are lower bounds: `rsa2048` holds RSA keys
/// of 2048 to 3071 bits.
public enum KeyClass: String, Sendable, Hashable, CaseIterable {
    case rsa1024, rsa2048, rsa3072, rsa4096
    case dsa1024, dsa2048, dsa3072
    case elgamal1024, elgamal2048, elgamal3072
    case nistP256 = "nist_p256"
    case nistP384 = "nist_p384"
    case nistP521 = "nist_p521"
    case brainpoolP256 = "brainpool_p256"
    case brainpoolP384 = "brainpool_p384"
    case brainpoolP512 = "brainpool_p512"
    case secp256k1
    /// Ed25519 and X25519, in the older and the newer form.
    case curve25519
    /// Ed448 and X448.
    case curve448

    /// The class of a key; nil for keys below every class and algorithms without one.
    public init?(_ key: PublicKey) {
        let found: KeyClass? =
            switch key.parameters {
            case .rsa: Self.largest([(4096, .rsa4096), (3072, .rsa3072), (2048, .rsa2048), (1024, .rsa1024)], key)
            case .dsa: Self.largest([(3072, .dsa3072), (2048, .dsa2048), (1024, .dsa1024)], key)
            case .elGamal: Self.largest([(3072, .elgamal3072), (2048, .elgamal2048), (1024, .elgamal1024)], key)
            case .ecdsa(let curve, _), .ecdh(let curve, _, _): Self.curves[curve]
            case .eddsaLegacy(let curve, _): curve == .ed25519Legacy ? .curve25519 : nil
            case .ed25519, .x25519: .curve25519
            case .ed448, .x448: .curve448
            case .unknown: nil
            }
        guard let found else { return nil }
        self = found
    }

    private static func largest(_ classes: [(bits: Int, class: KeyClass)], _ key: PublicKey) -> KeyClass? {
        classes.first { key.bitSize >= $0.bits }?.class
    }

    /// Bits of symmetric strength, roughly (NIST SP 800-57 part 1, table 2).
    var strength: Int {
        switch self {
        case .rsa1024, .dsa1024, .elgamal1024: 80
        case .rsa2048, .dsa2048, .elgamal2048: 112
        case .rsa3072, .dsa3072, .elgamal3072, .nistP256, .brainpoolP256, .secp256k1, .curve25519: 128
        case .rsa4096: 140
        case .nistP384, .brainpoolP384: 192
        case .curve448: 224
        case .nistP521, .brainpoolP512: 256
        }
    }

    private static let curves: [Curve: KeyClass] = [
        .p256: .nistP256, .p384: .nistP384, .p521: .nistP521, .brainpoolP256: .brainpoolP256,
        .brainpoolP384: .brainpoolP384, .brainpoolP512: .brainpoolP512, .secp256k1: .secp256k1,
        .curve25519Legacy: .curve25519,
    ]
}

extension PublicKey {
    /// Bits of symmetric strength, roughly; 0 for what has no class.
    var strength: Int { KeyClass(self)?.strength ?? 0 }
}
