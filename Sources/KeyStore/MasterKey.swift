import Libcrypto

/// The one secret that must be given from outside: 32 random octets, of which every other key at rest is derived.
public struct MasterKey: Sendable {
    /// Length in octets.
    public static let size = 32

    /// Names this key without revealing it: 16 hexadecimal digits, derived. Sealed records carry it.
    public let id: String
    /// The file it came from; nil for a key that lives in memory only.
    public let path: String?
    private let secret: SecretBytes

    /// - Throws: `masterKeyMalformed` unless the secret has exactly 32 octets.
    public init(secret: SecretBytes, path: String? = nil) throws {
        guard secret.count == Self.size else {
            throw KeyStoreError(
                .masterKeyMalformed,
                "master key\(path.map { " " + $0 } ?? ""): \(secret.count) octets, \(Self.size) expected")
        }
        self.secret = secret
        self.path = path
        let id = try Self.expand(secret, label: "key id", count: 8)
        self.id = id.withBytes { bytes in
            var text = ""
            for index in bytes.indices { text += Self.hex(bytes[index]) }
            return text
        }
    }

    /// A fresh key in memory.
    public static func random() throws -> MasterKey { try MasterKey(secret: SecretBytes.random(count: size)) }

    /// The 32-octet key for one purpose (HKDF-SHA256, RFC 5869).
    public func derive(purpose: KeyPurpose) throws -> SecretBytes {
        try Self.expand(secret, label: "purpose " + purpose.rawValue, count: 32)
    }

    /// Reads a key file, refusing one that others could read or replace.
    ///
    /// The file must be regular, 32 octets, owned by the running user or root, and closed to group and others. In the
    /// directory systemd names in `CREDENTIALS_DIRECTORY` group read is allowed: there it stands for an access control
    /// list that names only the service's user.
    /// - Throws: `missing`, `permissions` (with the command that mends it), `masterKeyMalformed`, `inputOutput`.
    public static func load(path: String) throws -> MasterKey {
        try MasterKey(secret: MasterKeyFile(path: path).read(), path: path)
    }

    /// The file that holds the key: what systemd was told to hand over (`LoadCredential=`, as `guardd-master` or `master.key`), if this
    /// process was started so, else the configured path.
    public static func location(configured path: String) -> String {
        guard let directory = Environment.variable("CREDENTIALS_DIRECTORY"), !directory.isEmpty else { return path }
        let candidates = ["guardd-master", "master.key"].map { directory + "/" + $0 }
        return candidates.first(where: FileSystem.exists) ?? path
    }

    /// Makes a fresh key in a new file with mode 0600, complete on disk before it gets its name.
    /// - Throws: `exists` if there is any file of that name; it is never overwritten.
    @discardableResult
    public static func create(path: String) throws -> MasterKey {
        let key = try MasterKey(secret: SecretBytes.random(count: size), path: path)
        try MasterKeyFile(path: path).create(with: key.secret)
        return key
    }

    /// Makes the key that follows this one, in a file of the same owner, or in memory.
    func makeSuccessor() throws -> MasterKey {
        guard let path, let successorPath else { return try MasterKey.random() }
        // A file left by a run that ended before the store learned of its key is as good as a new one.
        if FileSystem.exists(successorPath) { return try MasterKey.load(path: successorPath) }
        let key = try MasterKey(secret: SecretBytes.random(count: Self.size), path: successorPath)
        try MasterKeyFile(path: successorPath).create(with: key.secret, ownedLike: path)
        return key
    }

    /// Where a rotation keeps the next key until every record is sealed under it.
    var successorPath: String? { path.map { $0 + ".new" } }

    /// The same key under another file name.
    func moved(to path: String) throws -> MasterKey { try MasterKey(secret: secret, path: path) }

    private static func expand(_ secret: SecretBytes, label: String, count: Int) throws -> SecretBytes {
        try HKDF.sha256(
            ikm: secret, salt: [UInt8]("guardd".utf8), info: [UInt8]("master 1 \(label)".utf8), count: count)
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.utf8.count == 1 ? "0" + digits : digits
    }
}
