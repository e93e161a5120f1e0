/// How something is locked with a password: the AlgorithmIdentifier of RFC 8018 and RFC 7292 appendix C.
///
/// Its numbers come from strangers and say how long opening takes, so they are looked at before anything is derived.
struct PasswordScheme {
    /// More iterations than this in one place are refused. Common programs write 2048 to 1,000,000.
    static let maximumIterations = 2_000_000
    /// scrypt may use this many octets of memory.
    static let maximumMemory = 64 << 20

    private static let pbes2 = ObjectID(1, 2, 840, 113549, 1, 5, 13)
    private static let scrypt = ObjectID(1, 3, 6, 1, 4, 1, 11591, 4, 11)
    /// The arc of the ciphers with AES.
    private static let aes = ObjectID(2, 16, 840, 1, 101, 3, 4, 1)

    /// Steps of the derivation, for a sum over one file.
    let iterations: Int
    /// Whether it is PBES2 with AES.
    let isModern: Bool

    /// Reads the DER encoding of an AlgorithmIdentifier. Throws `malformed`, `limitExceeded`.
    init(algorithm bytes: Span<UInt8>) throws {
        var outer = DERReader(0..<bytes.count)
        var algorithm = DERReader(try outer.take(DERReader.Tag.sequence, bytes))
        let scheme = ObjectID(contents: bytes.copy(try algorithm.take(DERReader.Tag.objectIdentifier, bytes)))
        var parameters = DERReader(try algorithm.take(DERReader.Tag.sequence, bytes))
        guard scheme == Self.pbes2 else {
            _ = try parameters.take(DERReader.Tag.octetString, bytes)
            iterations = try Self.bounded(parameters.takeSmallInteger(bytes))
            isModern = false
            return
        }
        var derivation = DERReader(try parameters.take(DERReader.Tag.sequence, bytes))
        let function = ObjectID(contents: bytes.copy(try derivation.take(DERReader.Tag.objectIdentifier, bytes)))
        var numbers = DERReader(try derivation.take(DERReader.Tag.sequence, bytes))
        _ = try numbers.take(DERReader.Tag.octetString, bytes)
        let first = try numbers.takeSmallInteger(bytes)
        if function == Self.scrypt {
            guard let cost = first, let block = try numbers.takeSmallInteger(bytes),
                let lanes = try numbers.takeSmallInteger(bytes), (1...1 << 20).contains(cost), (1...64).contains(block),
                (1...16).contains(lanes), cost * block * 128 <= Self.maximumMemory
            else { throw Self.excessive }
            iterations = cost * block * lanes / 8
        } else {
            iterations = try Self.bounded(first)
        }
        var cipher = DERReader(try parameters.take(DERReader.Tag.sequence, bytes))
        let identifier = try cipher.take(DERReader.Tag.objectIdentifier, bytes)
        isModern = bytes.copy(identifier).starts(with: Self.aes.bytes)
    }

    static func bounded(_ iterations: Int?) throws -> Int {
        guard let iterations, iterations <= maximumIterations else { throw excessive }
        return iterations
    }

    static let excessive = CMSError(
        .limitExceeded, "opening this would take more than \(maximumIterations) derivation steps")
}
