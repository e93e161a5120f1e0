import COpenSSL
import Libcrypto

/// The certificates a site trusts: self-signed ones are anchors, others only help to build chains to them.
public final class TrustStore: @unchecked Sendable {
    /// Where Debian keeps the anchors of the system.
    public static let systemBundle = "/etc/ssl/certs/ca-certificates.crt"

    private let pointer: OpaquePointer
    /// Every certificate in the store, each once.
    public let certificates: [X509Certificate]
    /// What was found beside them and could not be read: file name and reason.
    public let skipped: [String]
    /// Whether every certificate in the store is an anchor, not only the self-signed ones.
    public let trustsIntermediates: Bool
    let byHandle: [OpaquePointer: X509Certificate]

    /// A store of these certificates. With `trustsIntermediates` each of them is an anchor: for authorities that somebody
    /// named one by one.
    public init(
        _ certificates: [X509Certificate], skipped: [String] = [], trustsIntermediates: Bool = false
    ) throws {
        guard let pointer = X509_STORE_new() else { throw CMSError.exhausted("X509_STORE_new") }
        self.pointer = pointer
        self.trustsIntermediates = trustsIntermediates
        var seen: Set<X509Certificate> = []
        self.certificates = certificates.filter { seen.insert($0).inserted }
        self.skipped = skipped
        var byHandle: [OpaquePointer: X509Certificate] = [:]
        for certificate in self.certificates { certificate.withHandle { byHandle[$0] = certificate } }
        self.byHandle = byHandle
        for certificate in self.certificates {
            guard certificate.withHandle({ X509_STORE_add_cert(pointer, $0) }) == 1 else {
                throw CMSError.exhausted("X509_STORE_add_cert")
            }
        }
    }

    deinit { X509_STORE_free(pointer) }

    /// Reads a bundle, or every file of a directory that ends in `.pem`, `.crt`, `.cer`, `.der`, `.p7b` or `.p7c`. What cannot
    /// be read is left out and named in ``skipped``. Throws `fileFailed`.
    public convenience init(path: String) throws {
        var found: [X509Certificate] = []
        var skipped: [String] = []
        for file in try TrustFiles.list(path, suffixes: [".pem", ".crt", ".cer", ".der", ".p7b", ".p7c"]) {
            do {
                let bytes = try TrustFiles.read(file, limit: X509Certificate.maximumFileSize)
                try X509Certificate.parseEach(bytes) { result in
                    switch result {
                    case .success(let certificates): found += certificates
                    case .failure(let error): skipped.append("\(file): \(error.message)")
                    }
                }
            } catch let error as CMSError { skipped.append("\(file): \(error.message)") }
        }
        try self.init(found, skipped: skipped)
    }

    func withHandle<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(pointer)
    }
}
