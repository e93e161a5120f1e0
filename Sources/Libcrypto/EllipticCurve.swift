/// The curves in Weierstrass form that both protocols use.
public enum EllipticCurve: Int, Sendable, CaseIterable {
    case p256, p384, p521, brainpoolP256r1, brainpoolP384r1, brainpoolP512r1

    /// Length of a coordinate in octets, and of a scalar.
    public var fieldSize: Int {
        switch self {
        case .p256, .brainpoolP256r1: 32
        case .p384, .brainpoolP384r1: 48
        case .p521: 66
        case .brainpoolP512r1: 64
        }
    }

    var libraryName: String {
        switch self {
        case .p256: "prime256v1"
        case .p384: "secp384r1"
        case .p521: "secp521r1"
        case .brainpoolP256r1: "brainpoolP256r1"
        case .brainpoolP384r1: "brainpoolP384r1"
        case .brainpoolP512r1: "brainpoolP512r1"
        }
    }
}
