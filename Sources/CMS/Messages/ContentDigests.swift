import Libcrypto

/// The digests of one content under several hashes, computed as it streams by.
public final class ContentDigests {
    public let hashes: Set<HashAlgorithm>
    private let running: [Digest]
    private var finished: [HashAlgorithm: [UInt8]]?
    /// The first octets of the content.
    private(set) var beginning: [UInt8] = []

    /// Throws `LibcryptoError.unsupported` for a hash that libcrypto lacks.
    public init(_ hashes: Set<HashAlgorithm>) throws {
        self.hashes = hashes
        running = try hashes.map { try Digest($0) }
    }

    public func push(_ bytes: Span<UInt8>) {
        if beginning.count < 32 {
            let first = bytes.extracting(0..<min(bytes.count, 32 - beginning.count))
            first.withUnsafeBufferPointer { beginning.append(contentsOf: $0) }
        }
        for digest in running { digest.update(bytes) }
    }

    public func push(_ bytes: [UInt8]) { push(bytes.span) }

    /// The digest of all that was pushed; nothing may be pushed afterwards. Throws `invalidArgument` for a hash that was
    /// not asked for.
    func digest(_ hash: HashAlgorithm) throws -> [UInt8] {
        if finished == nil {
            finished = Dictionary(uniqueKeysWithValues: running.map { ($0.algorithm, $0.finish()) })
        }
        guard let digest = finished?[hash] else {
            throw CMSError(.invalidArgument, "the content was not hashed with \(hash)")
        }
        return digest
    }
}
