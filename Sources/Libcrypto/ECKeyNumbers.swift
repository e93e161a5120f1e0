/// The numbers of a key on an elliptic curve.
public struct ECKeyNumbers: Sendable {
    /// Most significant octet first, as long as a coordinate.
    public let scalar: SecretBytes
    /// 04, x, y.
    public let point: [UInt8]

    /// A fresh key.
    public static func generate(_ curve: EllipticCurve) throws -> ECKeyNumbers {
        let owner = try KeyOwner.generate("EC", Parameters("group", curve.libraryName))
        return ECKeyNumbers(
            scalar: try owner.number("priv", size: curve.fieldSize), point: try owner.encodedPublicKey())
    }
}
