import Glibc
import Libcrypto

/// A master key on disk: who may own it, how it is read, made and replaced.
struct MasterKeyFile {
    let path: String
    /// The user that is allowed to own the file besides root. Root itself may read anybody's: `guardctl` is run by root
    /// on the key of the daemon's user, and a key that was exchanged fails the check record of the store.
    var user: uid_t = geteuid()
    /// The directory of systemd credentials, if this process was given one.
    var credentials: String? = Environment.variable("CREDENTIALS_DIRECTORY")

    func read() throws -> SecretBytes {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw failure("open", errno) }
        defer { close(descriptor) }
        var info = stat()
        guard unsafe fstat(descriptor, &info) == 0 else { throw failure("stat", errno) }
        try judge(info)
        return try SecretBytes(count: MasterKey.size) { span in
            for index in span.indices {
                var byte: UInt8 = 0
                guard unsafe Glibc.read(descriptor, &byte, 1) == 1 else {
                    throw KeyStoreError(.inputOutput, "master key \(path): cannot be read to its end")
                }
                span[index] = byte
            }
        }
    }

    private func judge(_ info: stat) throws {
        let shell = ShellWord.quote(path)
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw KeyStoreError(.masterKeyMalformed, "master key \(path): not a regular file")
        }
        guard info.st_uid == user || info.st_uid == 0 || user == 0 else {
            throw KeyStoreError(
                .permissions,
                "master key \(path): owned by user \(info.st_uid), who could replace it; run: chown \(user) \(shell)")
        }
        let forbidden: mode_t = isCredential ? 0o037 : 0o077
        guard info.st_mode & forbidden == 0 else {
            let mode = String(info.st_mode & 0o7777, radix: 8)
            throw KeyStoreError(
                .permissions, "master key \(path): mode 0\(mode) lets others at it; run: chmod 600 \(shell)")
        }
        guard info.st_size == MasterKey.size else {
            throw KeyStoreError(
                .masterKeyMalformed,
                "master key \(path): \(info.st_size) octets, exactly \(MasterKey.size) expected; restore it from a backup"
            )
        }
    }

    private var isCredential: Bool {
        guard let credentials, !credentials.isEmpty else { return false }
        return path.hasPrefix(credentials.hasSuffix("/") ? credentials : credentials + "/")
    }

    /// Writes beside, syncs, then links to the final name: a crash leaves either no key or a whole one, and `link`
    /// refuses an existing name where `rename` would replace it.
    ///
    /// - Parameter model: a file whose owner the new one gets, where the running user may give files away.
    func create(with secret: SecretBytes, ownedLike model: String? = nil) throws {
        let draft = path + ".draft-" + String(getpid())
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("create", errno) }
        defer {
            close(descriptor)
            _ = unsafe unlink(draft)
        }
        guard fchmod(descriptor, 0o600) == 0 else { throw failure("chmod", errno) }
        if let model, geteuid() == 0 {
            var info = stat()
            guard unsafe stat(model, &info) == 0 else { throw failure("stat", errno) }
            guard fchown(descriptor, info.st_uid, info.st_gid) == 0 else { throw failure("chown", errno) }
        }
        let written = secret.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        }
        guard written == secret.count else { throw failure("write", written < 0 ? errno : ENOSPC) }
        guard fsync(descriptor) == 0 else { throw failure("sync", errno) }
        guard unsafe link(draft, path) == 0 else {
            let code = errno
            guard code == EEXIST else { throw failure("create", code) }
            throw KeyStoreError(.exists, "master key \(path): exists and is left as it is")
        }
        try FileSystem.syncDirectory(of: path)
    }

    /// Puts this file in the place of another, durably.
    func replace(_ target: String) throws {
        guard unsafe rename(path, target) == 0 else { throw failure("rename", errno) }
        try FileSystem.syncDirectory(of: target)
    }

    private func failure(_ action: String, _ code: Int32) -> KeyStoreError {
        let hint: String
        switch code {
        case ENOENT: hint = "; run: guardctl init"
        case EACCES, EPERM: hint = "; run as the user of guardd or as root"
        default: hint = ""
        }
        return FileSystem.failure("master key \(path): \(action) failed", code, hint: hint)
    }
}
