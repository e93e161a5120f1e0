import COpenSSL
import Glibc

/// `openssl cms` as a program of its own, which is how scripts use it.
final class OpenSSLProcess {
    private let folder: String

    /// nil where there is no folder for its files.
    init?(_ identity: BenchIdentity) {
        var template = Array("/tmp/guard-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let secret = BIO_new(BIO_s_mem())
        defer { BIO_free(secret) }
        PEM_write_bio_PrivateKey(secret, identity.key, nil, nil, 0, nil, nil)
        var start: UnsafeMutablePointer<CChar>?
        let count = guardd_bio_contents(secret, &start)
        write("key", [UInt8](UnsafeRawBufferPointer(start: start, count: max(0, count))))
        write("certificate", identity.certificate.pem)
    }

    deinit {
        for name in ["key", "certificate", "content", "message"] { unlink(folder + "/" + name) }
        rmdir(folder)
    }

    private func write(_ name: String, _ bytes: [UInt8]) {
        let file = open(folder + "/" + name, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(file) }
        var offset = 0
        bytes.withUnsafeBytes { bytes in
            while offset < bytes.count {
                let count = Glibc.write(file, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
                guard count > 0 else { return }
                offset += count
            }
        }
    }

    /// Processor seconds of the best of three runs of `openssl cms`, nil where it fails. Arguments that begin with `@` are
    /// files of the folder.
    func seconds(_ arguments: [String], content: [UInt8] = [], message: [UInt8] = []) -> Double? {
        write("content", content)
        write("message", message)
        let fixed = ["openssl", "cms", "-binary", "-out", "/dev/null"]
        let words = fixed + arguments.map { $0.hasPrefix("@") ? folder + "/" + $0.dropFirst() : $0 }
        return (0..<3).compactMap { _ in run(words) }.min()
    }

    private func run(_ arguments: [String]) -> Double? {
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var process: pid_t = 0
        guard posix_spawnp(&process, "openssl", &actions, nil, &words, environ) == 0 else { return nil }
        var (status, usage): (Int32, rusage) = (0, rusage())
        guard wait4(process, &status, 0, &usage) == process, status == 0 else { return nil }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
