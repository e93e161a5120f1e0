import Glibc

/// Reads the files an administrator keeps certificates and revocation lists in.
enum TrustFiles {
    /// More files than this are not looked at.
    static let maximumFiles = 10_000

    /// The path itself where it is a file; else the files in it with one of the suffixes, sorted, hidden ones left out.
    static func list(_ path: String, suffixes: [String]) throws -> [String] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure("cannot open", path) }
        guard status.st_mode & S_IFMT == S_IFDIR else { return [path] }
        guard let directory = opendir(path) else { throw failure("cannot open", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard !name.hasPrefix("."), suffixes.contains(where: { name.hasSuffix($0) }) else { continue }
            guard names.count < maximumFiles else { throw CMSError(.limitExceeded, "too many files in \(path)") }
            names.append(path + "/" + name)
        }
        return names.sorted()
    }

    /// The octets of a regular file. Throws `fileFailed`, `limitExceeded`.
    static func read(_ path: String, limit: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure("cannot open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CMSError(.fileFailed, "\(path) is no file")
        }
        guard let size = Int(exactly: status.st_size), size <= limit else {
            throw CMSError(.limitExceeded, "\(path) is too large")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read", path) }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: buffer.prefix(count))
            guard bytes.count <= limit else { throw CMSError(.limitExceeded, "\(path) is too large") }
        }
    }

    private static func failure(_ what: String, _ path: String) -> CMSError {
        CMSError(.fileFailed, "\(what) \(path): \(String(cString: strerror(errno)))")
    }
}
