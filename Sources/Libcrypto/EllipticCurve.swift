/// The curves in Weierstrass form that both protocols use.
public enum EllipticCurve: Int, Sendable, CaseIterable {
    case p256, p384, p521

    /// Length of a coordinate in octets.
    public var fieldSize: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    var libraryName: String {
        switch self {
        case .p256: "prime256v1"
        case .p384: "secp384r1"
        case .p521: "secp521r1"
        }
    }
}
