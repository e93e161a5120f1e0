public import Libcrypto

/// A private key at rest under the password of its owner: version (1 octet), passes (1), lanes (1), KiB of memory (4,
/// most significant first), salt (16), nonce (12), then AES-256-GCM ciphertext and tag. The key is Argon2id of the password
/// (RFC 9106).
///
/// What opens the record is the outcome of Argon2id, never the password, so that a session can hold it without knowing the
/// password, and a new password makes it useless.
public enum PasswordLock {
    /// How slow Argon2id is.
    public struct Cost: Sendable, Equatable {
        /// 1 to 255.
        public var passes: UInt32
        /// 1 to 255.
        public var lanes: UInt32
        /// At least 8 for each lane, at most 2 GiB.
        public var memoryKiB: UInt32

        public init(passes: UInt32 = 3, lanes: UInt32 = 4, memoryKiB: UInt32 = 64 << 10) {
            self.passes = passes
            self.lanes = lanes
            self.memoryKiB = memoryKiB
        }

        fileprivate var isValid: Bool {
            (1...255).contains(passes) && (1...255).contains(lanes) && memoryKiB >= 8 * lanes && memoryKiB <= 2 << 20
        }
    }

    private static let version: UInt8 = 1
    private static let saltSize = 16
    private static let nonceSize = 12
    private static let costSize = 7
    private static let headerSize = costSize + saltSize + nonceSize

    /// Locks a secret. Slow, and takes the memory of the cost while it runs.
    ///
    /// - Parameter name: what the secret is, bound into the lock: a record that is moved to another row does not open.
    /// - Returns: the record, and the key that opens it.
    public static func lock(
        _ secret: SecretBytes, password: SecretBytes, name: String, cost: Cost = Cost()
    ) throws -> (record: [UInt8], key: SecretBytes) {
        guard cost.isValid else { throw KeyStoreError(.internalFailure, "the cost of Argon2id is out of range") }
        let salt = try SecureRandom.bytes(saltSize)
        let nonce = try SecureRandom.bytes(nonceSize)
        let key = try derive(password, salt, cost)
        let memory = stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: cost.memoryKiB >> $0) }
        let header =
            [version, UInt8(truncatingIfNeeded: cost.passes), UInt8(truncatingIfNeeded: cost.lanes)] + memory + salt
            + nonce
        let sealed = try secret.withBytes {
            try AESGCM.seal($0, key: key, nonce: nonce, aad: header + Array(name.utf8))
        }
        return (header + sealed, key)
    }

    /// What a password yields for a record. Slow, like ``lock(_:password:name:cost:)``.
    ///
    /// - Throws: `wrongPassword`, `sealBroken` for a record that is none.
    public static func key(_ record: [UInt8], password: SecretBytes, name: String) throws -> SecretBytes {
        let (header, _) = try parts(record, name)
        let cost = Cost(
            passes: UInt32(header[1]), lanes: UInt32(header[2]),
            memoryKiB: header[3..<costSize].reduce(0) { $0 << 8 | UInt32($1) })
        guard cost.isValid else { throw damaged(name) }
        let key = try derive(password, Array(header[costSize..<costSize + saltSize]), cost)
        _ = try open(record, with: key, name: name)
        return key
    }

    /// Opens a record. Fast.
    ///
    /// - Throws: `wrongPassword` for a key that is not the record's, `sealBroken`.
    public static func open(_ record: [UInt8], with key: SecretBytes, name: String) throws -> SecretBytes {
        let (header, sealed) = try parts(record, name)
        guard key.count == 32 else { throw wrong(name) }
        do {
            return try AESGCM.open(
                sealed.span, key: key, nonce: Array(header[(costSize + saltSize)...]), aad: header + Array(name.utf8))
        } catch {
            throw wrong(name)
        }
    }

    private static func parts(_ record: [UInt8], _ name: String) throws -> (header: [UInt8], sealed: [UInt8]) {
        guard record.count >= headerSize + AESGCM.tagSize, record.first == version else { throw damaged(name) }
        return (Array(record[..<headerSize]), Array(record[headerSize...]))
    }

    private static func derive(_ password: SecretBytes, _ salt: [UInt8], _ cost: Cost) throws -> SecretBytes {
        try Argon2.id(
            password: password, salt: salt, passes: cost.passes, parallelism: cost.lanes, memoryKiB: cost.memoryKiB,
            count: 32)
    }

    private static func damaged(_ name: String) -> KeyStoreError {
        KeyStoreError(.sealBroken, "\(name): the locked key is damaged; restore it from a backup")
    }

    private static func wrong(_ name: String) -> KeyStoreError {
        KeyStoreError(.wrongPassword, "\(name): the password does not open the key")
    }
}
