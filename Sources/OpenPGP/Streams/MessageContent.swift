import Libcrypto

/// What a literal packet says of its content (RFC 9580 section 5.9). Nothing of it is signed.
public struct LiteralInfo: Sendable, Equatable {
    /// `b` binary, `t` or `u` text.
    public let format: UInt8
    public let fileName: [UInt8]
    /// The date field; nil for zero.
    public let date: Timestamp?
}

/// What reading a message brings to light: content, signatures, and the hashes that were announced for them.
final class MessageContent {
    /// Most signatures of one message.
    static let maximumSignatures = SignaturePackets.maximum

    let spool: Spool
    private let maximumSize: Int
    private(set) var literal: LiteralInfo?
    private(set) var signatures: [Result<Signature, OpenPGPError>] = []
    private var announced: [SignatureMode: Set<HashID>] = [:]
    private var digests: [SignatureMode: ContentDigest] = [:]

    init(maximumSize: Int, spoolDirectory: String?) {
        self.maximumSize = maximumSize
        spool = Spool(directory: spoolDirectory)
    }

    /// A signature of this kind will come, so the content must be hashed for it.
    func announce(_ hash: HashID, _ type: SignatureType) {
        guard hash.algorithm != nil else { return }
        announced[type == .text ? .text : .binary, default: []].insert(hash)
    }

    func add(_ signature: Result<Signature, OpenPGPError>) throws {
        guard signatures.count < Self.maximumSignatures else {
            throw OpenPGPError(.limitExceeded, "more than \(Self.maximumSignatures) signatures")
        }
        signatures.append(signature)
    }

    func begin(_ info: LiteralInfo) throws {
        guard literal == nil else { throw OpenPGPError(.unexpectedData, "a message with two contents") }
        literal = info
        for (mode, hashes) in announced { digests[mode] = try ContentDigest(hashes, mode: mode) }
    }

    func append(_ bytes: Span<UInt8>) throws {
        guard bytes.count <= maximumSize - spool.count else {
            throw OpenPGPError(.limitExceeded, "the content is longer than \(maximumSize) octets")
        }
        for digest in digests.values { digest.push(bytes) }
        try spool.append(bytes)
    }

    func judged(by judge: SignatureJudge) throws -> [SignatureResult] {
        try signatures.map { parsed in
            switch parsed {
            case .failure(let error): return SignaturePackets.failure(error)
            case .success(let signature):
                return try judge.judge(signature) {
                    try digests[signature.type == .text ? .text : .binary]?.digest(signature.hash)
                }
            }
        }
    }
}
