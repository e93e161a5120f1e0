import COpenSSL
import Libcrypto

/// Why and since when a certificate is revoked (RFC 5280 section 5.3).
public struct RevocationEntry: Hashable, Sendable {
    /// Unix seconds.
    public let date: Int64
    public let reason: RevocationReason

    public init(date: Int64, reason: RevocationReason) {
        self.date = date
        self.reason = reason
    }
}

/// The CRLReason of RFC 5280 section 5.3.1, by its number.
public enum RevocationReason: Int, Sendable, CaseIterable {
    case unspecified = 0
    case keyCompromise = 1
    case authorityCompromise = 2
    case affiliationChanged = 3
    case superseded = 4
    case cessationOfOperation = 5
    case certificateHold = 6
    case removeFromList = 8
    case privilegeWithdrawn = 9
    case attributeAuthorityCompromise = 10

    /// Whether signatures that claim to be older than the revocation are void too: whoever has the key writes what time
    /// he likes. Only where the reason says that the key was in good hands it is not so.
    public var isHard: Bool {
        switch self {
        case .affiliationChanged, .superseded, .cessationOfOperation: false
        default: true
        }
    }
}

/// A certificate revocation list (RFC 5280 section 5). Reading one does not verify it; ``ChainValidator`` does.
public final class RevocationList: @unchecked Sendable {
    /// Larger lists are refused. Octets.
    public static let maximumSize = 64 << 20

    private let pointer: OpaquePointer
    public let der: [UInt8]
    public let issuer: DistinguishedName
    /// Unix seconds.
    public let thisUpdate: Int64
    /// Unix seconds until which a newer list will be there; nil where the list does not say.
    public let nextUpdate: Int64?

    /// Throws `malformed`, `limitExceeded`.
    public init(der: [UInt8]) throws {
        guard der.count <= RevocationList.maximumSize else {
            throw CMSError(.limitExceeded, "a revocation list of \(der.count) octets is too large")
        }
        var empty = X509_CRL_new_ex(LibraryContext.shared, nil)
        guard empty != nil else { throw CMSError.exhausted("X509_CRL_new_ex") }
        guard let read = decodeDER(der, { d2i_X509_CRL(&empty, $0, $1) }) else {
            throw CMSError(.malformed, "a revocation list is damaged")
        }
        let pointer = read.object
        do {
            guard read.isComplete, let thisUpdate = unixSeconds(X509_CRL_get0_lastUpdate(pointer)) else {
                throw CMSError(.malformed, "a revocation list is damaged")
            }
            let next = X509_CRL_get0_nextUpdate(pointer)
            let nextUpdate = unixSeconds(next)
            guard next == nil || nextUpdate != nil else {
                throw CMSError(.malformed, "a revocation list has a damaged date")
            }
            self.thisUpdate = thisUpdate
            self.nextUpdate = nextUpdate
            issuer = try DistinguishedName(X509_CRL_get_issuer(pointer))
        } catch {
            X509_CRL_free(pointer)
            throw error
        }
        self.der = der
        self.pointer = pointer
    }

    deinit { X509_CRL_free(pointer) }

    package func withHandle<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(pointer)
    }

    /// Every list in a file: PEM with any number of blocks, or one in DER. Throws `malformed`, `limitExceeded`.
    public static func parseAll(_ bytes: [UInt8]) throws -> [RevocationList] {
        guard PEM.isLikely(bytes.span) else { return [try RevocationList(der: bytes)] }
        return try PEM.blocks(bytes.span).filter { $0.label == "X509 CRL" }.map { block in
            try RevocationList(der: block.content.withBytes { $0.copy(0..<$0.count) })
        }
    }

    /// Every list in a file, or in the files of a directory that end in `.crl` or `.pem`; what cannot be read is left out
    /// and named in `skipped`. Throws `fileFailed`.
    public static func load(path: String) throws -> (lists: [RevocationList], skipped: [String]) {
        var lists: [RevocationList] = []
        var skipped: [String] = []
        for file in try TrustFiles.list(path, suffixes: [".crl", ".pem"]) {
            do { lists += try parseAll(TrustFiles.read(file, limit: maximumSize * 2)) } catch let error as CMSError {
                skipped.append("\(file): \(error.message)")
            }
        }
        return (lists, skipped)
    }

    /// The list in PEM.
    public var pem: [UInt8] { PEM.encode(der, label: "X509 CRL") }

    /// What the list says about a certificate; nil where it says nothing or that it is no longer held. Whether the list is
    /// one for this certificate, and genuine, is not looked at.
    public func entry(for certificate: X509Certificate) -> RevocationEntry? {
        certificate.withHandle { certificate in withHandle { RevocationList.entry($0, certificate) } }
    }

    static func entry(_ list: OpaquePointer, _ certificate: OpaquePointer) -> RevocationEntry? {
        defer { ERR_clear_error() }
        var found: OpaquePointer?
        guard X509_CRL_get0_by_cert(list, &found, certificate) == 1, let found else { return nil }
        var reason = RevocationReason.unspecified
        if let raw = X509_REVOKED_get_ext_d2i(found, NID_crl_reason, nil, nil) {
            let number = raw.assumingMemoryBound(to: ASN1_ENUMERATED.self)
            defer { ASN1_ENUMERATED_free(number) }
            reason = RevocationReason(rawValue: Int(ASN1_ENUMERATED_get(number))) ?? .unspecified
        }
        guard reason != .removeFromList else { return nil }
        return RevocationEntry(date: unixSeconds(X509_REVOKED_get0_revocationDate(found)) ?? 0, reason: reason)
    }

    /// NID of the hash in its signature; `NID_undef` where the algorithm names none.
    var signatureHash: Int32 {
        var hash = NID_undef
        OBJ_find_sigid_algs(withHandle { X509_CRL_get_signature_nid($0) }, &hash, nil)
        return hash
    }
}
