import COpenSSL
import Libcrypto

extension X509Certificate {
    /// Larger files are refused. Octets.
    public static let maximumFileSize = 16 << 20

    /// Every certificate in a file: PEM with any number of blocks, one certificate in DER, or a certificates-only PKCS#7.
    /// Empty where there is none. Throws `malformed`, `limitExceeded`, `unexpectedData`.
    public static func parseAll(_ bytes: [UInt8]) throws -> [X509Certificate] {
        var found: [X509Certificate] = []
        try parseEach(bytes) { found += try $0.get() }
        return found
    }

    /// Hands over what each block of a file holds, so that one damaged block need not spoil the others.
    static func parseEach(_ bytes: [UInt8], _ body: (Result<[X509Certificate], CMSError>) throws -> Void) throws {
        guard bytes.count <= maximumFileSize else {
            throw CMSError(.limitExceeded, "a file of \(bytes.count) octets is too large")
        }
        defer { ERR_clear_error() }
        func hand(_ der: [UInt8]) throws {
            let result: Result<[X509Certificate], CMSError>
            do { result = .success(try parse(der: der)) } catch let error as CMSError { result = .failure(error) }
            try body(result)
        }
        guard PEM.isLikely(bytes.span) else { return try hand(bytes) }
        for block in try PEM.blocks(bytes.span)
        where labels.contains(block.label) || block.label == "PKCS7" || block.label == "CMS" {
            try hand(block.content.withBytes { $0.copy(0..<$0.count) })
        }
    }

    private static func parse(der: [UInt8]) throws -> [X509Certificate] {
        if der.count <= maximumSize, let one = try? X509Certificate(der: der) { return [one] }
        var container = CMS_ContentInfo_new_ex(LibraryContext.shared, nil)
        guard container != nil else { throw CMSError.exhausted("CMS_ContentInfo_new_ex") }
        guard let read = decodeDER(der, { d2i_CMS_ContentInfo(&container, $0, $1) }) else {
            throw CMSError(.malformed, "the data is neither a certificate nor PKCS#7")
        }
        defer { CMS_ContentInfo_free(read.object) }
        guard OBJ_obj2nid(CMS_get0_type(read.object)) == NID_pkcs7_signed else {
            throw CMSError(.unexpectedData, "the PKCS#7 structure holds no certificates")
        }
        guard let stack = ObjectStack(CMS_get1_certs(read.object), release: { X509_free($0) }) else { return [] }
        guard stack.count <= PEM.maximumBlocks else { throw CMSError(.limitExceeded, "too many certificates") }
        var found: [X509Certificate] = []
        try stack.forEach { found.append(try X509Certificate(copying: $0)) }
        return found
    }

    /// A certificates-only PKCS#7 in DER (RFC 8551 section 3.8).
    public static func certificatesOnly(_ certificates: [X509Certificate]) -> [UInt8] {
        // DER sorts the members of a set.
        let set = certificates.map(\.der).sorted { $0.lexicographicallyPrecedes($1) }
        let content = DER.sequence(
            [2, 1, 1], DER.element(0x31),
            DER.sequence(DER.objectID(.data)),
            set.isEmpty ? [] : DER.element(DERReader.Tag.context(0), Array(set.joined())),
            DER.element(0x31))
        return DER.sequence(
            DER.objectID(.signedData),
            DER.element(DERReader.Tag.context(0), content))
    }
}
