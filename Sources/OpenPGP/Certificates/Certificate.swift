import Libcrypto

/// A certificate, also called a public key: a primary key, the user IDs and subkeys it binds, and the signatures that
/// do so (RFC 9580 section 10.1).
///
/// Parsing believes nothing. What counts is found out by the questions that take a time; the signatures behind their
/// answers are verified once, at the first question, and shared by all copies of the value.
public struct Certificate: Sendable, Equatable {
    final class Content: Sendable {
        let parts: CertificateParts
        let revokers: [Certificate]
        private let cache = Lock<SelfSignatures?>(nil)

        init(_ parts: CertificateParts, revokers: [Certificate]) {
            self.parts = parts
            self.revokers = revokers
        }

        /// The parts' own signatures and the revocations by designated revokers, verified.
        var selfSignatures: SelfSignatures {
            cache.withLock { cached in
                if let cached { return cached }
                let verified = SelfSignatures(verifying: parts, revokers: revokers)
                cached = verified
                return verified
            }
        }
    }

    let content: Content

    /// Makes a certificate of sorted packets.
    init(_ parts: CertificateParts, revokers: [Certificate] = []) {
        content = Content(parts, revokers: revokers)
    }

    /// Reads exactly one certificate, binary or armored. A secret key is taken for its public half.
    ///
    /// - Throws: the first problem where there is no certificate, `unexpectedData` where there are several.
    public init(parsing bytes: [UInt8]) throws {
        let (certificates, problems) = try Self.parseAll(bytes)
        guard let first = certificates.first else {
            throw problems.first ?? OpenPGPError(.unexpectedData, "there is no certificate")
        }
        guard certificates.count == 1 else {
            throw OpenPGPError(.unexpectedData, "there are \(certificates.count) certificates instead of one")
        }
        self = first
    }

    /// Reads a key ring, binary or armored; secret keys are taken for their public halves. What is not readable is
    /// passed over and reported.
    ///
    /// - Throws: where the armor is broken or nothing looks like OpenPGP.
    public static func parseAll(_ bytes: [UInt8]) throws -> (certificates: [Certificate], problems: [OpenPGPError]) {
        let reader = try CertificateReader.read(bytes)
        return (reader.found.map { Certificate($0.parts) }, reader.problems)
    }

    public static func == (a: Self, b: Self) -> Bool { a.content === b.content || a.content.parts == b.content.parts }

    /// The key that everything hangs on.
    public var primaryKey: PublicKey { content.parts.primaryKey }
    /// Signatures on the primary key alone: direct-key signatures and revocations, unverified.
    public var directSignatures: ComponentSignatures { content.parts.direct }
    /// All user IDs, unverified; `validUserIDs` says which of them count.
    public var userIDs: [UserIDComponent] { content.parts.userIDs }
    /// All user attributes, unverified.
    public var userAttributes: [UserAttributeComponent] { content.parts.userAttributes }
    /// All subkeys, unverified; `encryptionKeys` and `verificationKeys` say which of them count.
    public var subkeys: [SubkeyComponent] { content.parts.subkeys }
    /// Parts that this library cannot read.
    public var unknownComponents: [UnknownComponent] { content.parts.unknown }
    /// Fingerprint of the primary key.
    public var fingerprint: Fingerprint { primaryKey.fingerprint }
    /// Key ID of the primary key.
    public var keyID: KeyID { primaryKey.keyID }

    /// Primary key and subkeys, whether they are bound or not.
    public var allKeys: [PublicKey] { [primaryKey] + subkeys.map(\.key) }

    /// The keys that a hint means, whether they are bound or not: a wildcard means all.
    public func keys(matching hint: IssuerHint) -> [PublicKey] {
        if case .keyID(.wildcard) = hint { return allKeys }
        return allKeys.filter { hint.matches($0.fingerprint) }
    }

    /// Everything of both certificates: no user ID, subkey, own signature or revocation of either is lost. Only
    /// signatures of others past the bound are not taken over.
    ///
    /// - Throws: `invalidArgument` where the primary keys differ.
    public func merged(with other: Certificate) throws -> Certificate {
        guard other.primaryKey == primaryKey else {
            throw OpenPGPError(.invalidArgument, "certificates of different keys cannot be merged")
        }
        let merged = content.parts.merged(with: other.content.parts)
        let revokers = content.revokers + other.content.revokers
        return merged == content.parts && other.content.revokers.isEmpty
            ? self : Certificate(merged, revokers: revokers)
    }

    /// The packets, in the new framing.
    public func serialized() -> [UInt8] {
        var output: [UInt8] = []
        content.parts.serialize(into: &output)
        return output
    }

    /// The packets as a public key block.
    public func armored(headers: [ArmorHeader] = []) -> [UInt8] {
        Armor.encode(serialized(), kind: .publicKey, headers: headers)
    }
}
