/// What a signer says it can read (RFC 8551 section 2.5.2), in its order of preference.
public struct SMIMECapabilities: Hashable, Sendable {
    /// The content ciphers among them that this target knows.
    public let ciphers: [ContentCipher]
    /// All capabilities, as dotted object identifiers.
    public let identifiers: [String]
    /// The DER of the attribute's value, for storage.
    public let encoded: [UInt8]

    /// How many capabilities are read at most.
    private static let maximumCount = 100

    /// From the DER of the value. Throws `malformed`, and `limitExceeded` above 100 capabilities.
    public init(_ der: [UInt8]) throws {
        var outer = BERReader(der)
        var list = try outer.inside(outer.next(0x30, "SMIMECapabilities"))
        var ciphers: [ContentCipher] = []
        var identifiers: [String] = []
        while !list.isAtEnd {
            var one = try list.inside(list.next(0x30, "capability"))
            let id = try one.objectID("capability")
            identifiers.append(id.description)
            guard identifiers.count <= Self.maximumCount else {
                throw CMSError(.limitExceeded, "more than \(Self.maximumCount) capabilities")
            }
            if id == ContentCipher.rc2CBC128.objectID {
                let bits = one.nextTag == 0x02 ? try one.smallInteger("key bits of RC2") : 0
                let sizes: [Int: ContentCipher] = [40: .rc2CBC40, 64: .rc2CBC64, 128: .rc2CBC128]
                if let cipher = sizes[bits] { ciphers.append(cipher) }
            } else if let cipher = ContentCipher.allCases.first(where: { $0.objectID == id }) {
                ciphers.append(cipher)
            }
        }
        self.ciphers = ciphers
        self.identifiers = identifiers
        encoded = der
    }

    /// What we can read and want to be sent.
    public static let own = SMIMECapabilities([.aes256GCM, .aes128GCM, .aes256CBC, .aes192CBC, .aes128CBC])

    private init(_ ciphers: [ContentCipher]) {
        self.ciphers = ciphers
        identifiers = ciphers.map(\.objectID.description)
        encoded = DER.element(0x30, ciphers.map { DER.sequence(DER.objectID($0.objectID)) })
    }
}
