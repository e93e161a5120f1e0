import COpenSSL
import Glibc

/// `openssl cms` as a program of its own, which is how scripts use it.
struct OpenSSLProcess {
    private let folder: ScratchFolder

    /// nil where there is no folder for its files.
    init?(_ identity: BenchIdentity) {
        guard let folder = ScratchFolder() else { return nil }
        self.folder = folder
        let secret = BIO_new(BIO_s_mem())
        defer { BIO_free(secret) }
        PEM_write_bio_PrivateKey(secret, identity.key, nil, nil, 0, nil, nil)
        var start: UnsafeMutablePointer<CChar>?
        let count = guardd_bio_contents(secret, &start)
        folder.write("key", [UInt8](UnsafeRawBufferPointer(start: start, count: max(0, count))))
        folder.write("certificate", identity.certificate.pem)
    }

    /// Processor seconds of the best of three runs of `openssl cms`, nil where it fails. Arguments that begin with `@` are
    /// files of the folder.
    func seconds(_ arguments: [String], content: [UInt8] = [], message: [UInt8] = []) -> Double? {
        folder.write("content", content)
        folder.write("message", message)
        let fixed = ["openssl", "cms", "-binary", "-out", "/dev/null"]
        let words = fixed + arguments.map { $0.hasPrefix("@") ? folder.file(String($0.dropFirst())) : $0 }
        return (0..<3).compactMap { _ in Program.run(words)?.processor }.min()
    }
}
