/// The kind of cryptography that a request is about; passwords and tokens of the two are apart.
public enum CryptoType: String, Sendable, CaseIterable {
    case pgp = "PGP"
    case smime = "SMIME"

    /// Reads a name in any case; nil for anything else.
    public init?(name: String) {
        guard let type = Self.allCases.first(where: { $0.rawValue == name.uppercased() }) else { return nil }
        self = type
    }
}
