import Glibc

/// A folder for the files of other programs; gone when it is let go.
final class ScratchFolder {
    let path: String

    /// nil where there is none to be had.
    init?() {
        var template = Array("/tmp/guard-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { _ = Program.run(["rm", "-rf", path]) }

    func file(_ name: String) -> String { path + "/" + name }

    func write(_ name: String, _ bytes: [UInt8]) {
        let file = open(file(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
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
}
