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
    /// Takes content as soon as it is authentic, instead of the spool; nil where the caller waits for the end.
    private let sink: ((Span<UInt8>) throws -> Void)?
    /// Whether what comes in is authentic already: each chunk of AEAD was checked before.
    var isAuthentic = false
    private var count = 0
    private(set) var literal: LiteralInfo?
    private(set) var signatures: [Result<Signature, OpenPGPError>] = []
    private var announced: [SignatureMode: Set<SaltedHash>] = [:]
    private var digests: [SignatureMode: ContentDigest] = [:]

    init(maximumSize: Int, spoolDirectory: String?, sink: ((Span<UInt8>) throws -> Void)?) {
        self.maximumSize = maximumSize
        self.sink = sink
        spool = Spool(directory: spoolDirectory)
    }

    /// A signature of this kind will come, so the content must be hashed for it.
    func announce(_ hashing: SaltedHash, _ type: SignatureType) {
        guard hashing.hash.algorithm != nil else { return }
        announced[type == .text ? .text : .binary, default: []].insert(hashing)
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
        guard bytes.count <= maximumSize - count else {
            throw OpenPGPError(.limitExceeded, "the content is longer than \(maximumSize) octets")
        }
        count += bytes.count
        for digest in digests.values { digest.push(bytes) }
        if isAuthentic, let sink { try sink(bytes) } else { try spool.append(bytes) }
    }

    /// Gives out what waited for the end.
    func release() throws {
        guard let sink else { return }
        try spool.forEachChunk { try sink($0) }
    }

    func judged(by judge: SignatureJudge) throws -> [SignatureResult] {
        try signatures.map { parsed in
            switch parsed {
            case .failure(let error): return SignaturePackets.failure(error)
            case .success(let signature):
                return try judge.judge(signature) {
                    try digests[signature.type == .text ? .text : .binary]?.digest(signature.saltedHash)
                }
            }
        }
    }
}
