import Glibc

/// The few calls on files that the store needs beyond SQLite.
enum FileSystem {
    /// An error number of the system as an error of the store.
    static func failure(_ what: String, _ code: Int32, hint: String = "") -> KeyStoreError {
        let kind: KeyStoreError.Code
        switch code {
        case ENOENT, ENOTDIR: kind = .missing
        case EEXIST: kind = .exists
        case EACCES, EPERM, EROFS: kind = .permissions
        case ENOSPC, EDQUOT, EFBIG: kind = .diskFull
        default: kind = .inputOutput
        }
        return KeyStoreError(kind, "\(what): \(text(code))\(hint)")
    }

    static func text(_ code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        let size = buffer.count
        let known = unsafe buffer.withUnsafeMutableBufferPointer { target -> String? in
            guard let base = target.baseAddress, unsafe strerror_r(code, base, size) == 0 else { return nil }
            return unsafe String(validatingCString: base)
        }
        return known ?? "error \(code)"
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes a changed directory entry survive a loss of power.
    static func syncDirectory(of path: String) throws {
        let name = directory(of: path)
        let descriptor = unsafe open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("directory \(name): open failed", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("directory \(name): sync failed", errno) }
    }

    /// Makes an empty file of mode 0600 where none is; SQLite would choose the mode by the umask, and gives its log
    /// files the mode of the store.
    /// - Returns: whether the file was made.
    @discardableResult
    static func createPrivateFile(_ path: String) throws -> Bool {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor < 0 {
            let code = errno
            if code == EEXIST { return false }
            throw failure("store \(path): create failed", code)
        }
        close(descriptor)
        return true
    }

    /// Whether there is anything of that name.
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    static func sync(_ path: String) throws {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("\(path): open failed", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("\(path): sync failed", errno) }
    }
}

/// Variables of the process.
enum Environment {
    static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(validatingCString: value)
    }
}

/// Text that an administrator can paste into a shell.
enum ShellWord {
    static func quote(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: ":"), UInt8(ascii: "@"):
                true
            default: false
            }
        }
        if plain, !text.isEmpty { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
