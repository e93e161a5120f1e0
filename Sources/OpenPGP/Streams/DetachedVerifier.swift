import Libcrypto

/// Verifies signatures that stand apart from their content (RFC 9580 section 10.4). The content is hashed as it streams, the
/// signatures may come after it.
public final class DetachedVerifier {
    /// The hashes, with their salts, under which the content is taken in.
    public let hashes: Set<SaltedHash>
    private let binary: ContentDigest
    private let text: ContentDigest

    /// `hashes` are those the signatures are expected to use (`micalg`, or what their packets say); hashes that cannot be
    /// computed are left out.
    public init(hashes: Set<SaltedHash>) throws {
        let usable = hashes.filter { $0.hash.algorithm != nil }
        self.hashes = usable
        binary = try ContentDigest(usable, mode: .binary)
        text = try ContentDigest(usable, mode: .text)
    }

    /// For content that is canonical already, CR LF at every line end: both forms are then one hash.
    public init(canonicalHashes hashes: Set<SaltedHash>) throws {
        let usable = hashes.filter { $0.hash.algorithm != nil }
        self.hashes = usable
        binary = try ContentDigest(usable, mode: .binary)
        text = binary
    }

    /// For signatures, armored or binary, that are known before their content: each form of it is hashed only where one of
    /// them needs it.
    public init(signatures: [UInt8]) throws {
        let known = try SignaturePackets.parse(signatures).compactMap { try? $0.get() }
            .filter { $0.hash.algorithm != nil }
        hashes = Set(known.map(\.saltedHash))
        binary = try ContentDigest(Set(known.filter { $0.type != .text }.map(\.saltedHash)), mode: .binary)
        text = try ContentDigest(Set(known.filter { $0.type == .text }.map(\.saltedHash)), mode: .text)
    }

    public func push(_ bytes: Span<UInt8>) {
        binary.push(bytes)
        if text !== binary { text.push(bytes) }
    }

    public func push(_ bytes: [UInt8]) { push(bytes.span) }

    /// The hashes that `signatures` need and the content was not taken in with; empty if all can be judged. Salts are only
    /// known from the signatures, so that content in front of version 6 signatures has to be taken in again.
    public func missingHashes(for signatures: [UInt8]) throws -> Set<SaltedHash> {
        Set(try Self.hashes(of: signatures)).subtracting(hashes)
    }

    /// The hashes and salts that signatures, armored or binary, use.
    public static func hashes(of signatures: [UInt8]) throws -> [SaltedHash] {
        try SignaturePackets.parse(signatures).compactMap { try? $0.get().saltedHash }
    }

    /// Judges every signature in `signatures` at `time`. The verifier may be asked again.
    ///
    /// - Throws: `malformed`, `truncated`, `unexpectedData` or `limitExceeded` where the packets cannot be read, and what
    ///   the look-up throws.
    public func finish(
        signatures: [UInt8], time: Timestamp, policy: AlgorithmPolicy = .standard,
        certificates: @escaping CertificateLookup
    ) throws -> [SignatureResult] {
        let judge = SignatureJudge(time: time, policy: policy, certificates: certificates)
        return try SignaturePackets.parse(signatures).map { parsed in
            switch parsed {
            case .failure(let error): return SignaturePackets.failure(error)
            case .success(let signature):
                return try judge.judge(signature) {
                    try (signature.type == .text ? text : binary).digest(signature.saltedHash)
                }
            }
        }
    }
}
