import CMS
import Glibc
import Guard
import Libcrypto
import Settings

extension PKISettings {
    /// Reads the files that are named.
    ///
    /// - Throws: `StartupError` for files that cannot be read or do not belong together.
    func issuer() throws -> (any CertificateIssuer)? {
        switch kind {
        case .none: return nil
        case .command: return CommandIssuer(command: command, timeout: Int64(timeout) * 1000)
        case .authority:
            do {
                let certificate = try X509Certificate(pem: Self.read(authorityCertificate, isSecret: false))
                let key = try CMSPrivateKey(SecretBytes(copying: Self.read(authorityKey, isSecret: true)))
                return AuthorityIssuer(try CertificateAuthority(certificate: certificate, key: key), days: days)
            } catch let error as CMSError {
                throw StartupError(.unavailable, "guard.certificates: \(error.message)")
            }
        }
    }

    /// - Parameter isSecret: whether others may not read the file.
    private static func read(_ path: String, isSecret: Bool) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw StartupError(.unavailable, "\(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= 64 << 10 else {
            throw StartupError(.unavailable, "\(path): no file, or too large")
        }
        guard !isSecret || status.st_mode & 0o077 == 0 else {
            throw StartupError(.unavailable, "\(path): others can read it; chmod 600 \(path)")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count == bytes.count else { throw StartupError(.unavailable, "\(path): cannot be read") }
        return bytes
    }
}
