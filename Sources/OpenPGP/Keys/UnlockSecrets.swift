public import Libcrypto

/// What opens locked private keys without their password: for each locked part the symmetric key that the password
/// gives, never the password itself.
///
/// Whoever holds this can open exactly the parts it was made from, under the lock that they have now: a change of the
/// password makes it useless. Parts are named by octets that are unlike for unlike keys: OpenPGP keys by their
/// fingerprint, other keys by any name of at least 16 octets that their keeper chooses.
public struct UnlockSecrets: Sendable, Equatable {
    /// The greatest number of parts.
    public static let limit = 256
    private static let version: UInt8 = 1

    private var keys: [[UInt8]: SecretBytes]

    public init() { keys = [:] }

    public init(name: [UInt8], key: SecretBytes) { keys = [name: key] }

    public var isEmpty: Bool { keys.isEmpty }

    public subscript(name: [UInt8]) -> SecretBytes? {
        get { keys[name] }
        set { keys[name] = newValue }
    }

    subscript(fingerprint: Fingerprint) -> SecretBytes? {
        get { keys[fingerprint.bytes] }
        set { keys[fingerprint.bytes] = newValue }
    }

    /// The keys of both; of a part that stands in both the other's.
    public func merging(_ other: UnlockSecrets) -> UnlockSecrets {
        var result = self
        result.keys.merge(other.keys) { $1 }
        return result
    }

    /// A form to seal: version, number of parts (2 octets), then for each the length of its name and the name, the length
    /// of its key and the key; lengths are one octet.
    ///
    /// - Throws: `limitExceeded` for more parts than ``limit``, or names or keys of more than 255 octets.
    public func serialized() throws -> SecretBytes {
        guard keys.count <= Self.limit, keys.allSatisfy({ $0.count <= 255 && $1.count <= 255 }) else {
            throw OpenPGPError(.limitExceeded, "a key has too many locked parts")
        }
        let ordered = keys.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        let size = ordered.reduce(3) { $0 + 2 + $1.key.count + $1.value.count }
        return SecretBytes(count: size) { output in
            var position = 0
            func put(_ octet: UInt8, _ output: inout MutableSpan<UInt8>) {
                output[position] = octet
                position += 1
            }
            put(Self.version, &output)
            put(UInt8(truncatingIfNeeded: ordered.count >> 8), &output)
            put(UInt8(truncatingIfNeeded: ordered.count), &output)
            for (name, key) in ordered {
                put(UInt8(truncatingIfNeeded: name.count), &output)
                for octet in name { put(octet, &output) }
                put(UInt8(truncatingIfNeeded: key.count), &output)
                key.withBytes { for index in $0.indices { put($0[index], &output) } }
            }
        }
    }

    /// Reads what ``serialized()`` made.
    ///
    /// - Throws: `malformed` for anything else.
    public init(parsing bytes: SecretBytes) throws {
        let wrong = OpenPGPError(.malformed, "the record of unlock secrets is damaged")
        guard bytes.count >= 3 else { throw wrong }
        let (version, count) = bytes.withBytes { ($0[0], Int($0[1]) << 8 | Int($0[2])) }
        guard version == Self.version, count <= Self.limit else { throw wrong }
        var position = 3
        func field() throws -> SecretBytes {
            guard position < bytes.count else { throw wrong }
            let length = Int(bytes.withBytes { $0[position] })
            guard let field = bytes.slice(position + 1..<position + 1 + length) else { throw wrong }
            position += 1 + length
            return field
        }
        keys = [:]
        for _ in 0..<count {
            let name = try field().withBytes { span in span.indices.map { span[$0] } }
            keys[name] = try field()
        }
        guard position == bytes.count else { throw wrong }
    }
}

extension SecretCertificate {
    /// The keys that open all locked parts that the password opens. As slow as the locks want it.
    ///
    /// - Throws: `wrongPassword` where it opens none; other errors of the first part that cannot be opened at all.
    public func unlockSecrets(password: SecretBytes, limits: S2KLimits = .standard) throws -> UnlockSecrets {
        var found = UnlockSecrets()
        var failure: OpenPGPError?
        for (fingerprint, material) in secrets where material.isLocked && !material.isAbsent {
            do {
                let key = try material.lockKey(from: password, limits: limits)
                _ = try material.unlocked(with: key, isPrimary: fingerprint == self.fingerprint)
                found[fingerprint] = key
            } catch let error as OpenPGPError {
                // A part that no password opens must not hide that the password is wrong for the others.
                if failure?.code != .wrongPassword { failure = error }
            }
        }
        if found.isEmpty, let failure { throw failure }
        return found
    }

    /// The key with all parts open that the secrets open; fast.
    ///
    /// - Throws: `wrongPassword` where they open none of the locked parts, as after a change of the password.
    public func unlocked(with unlock: UnlockSecrets) throws -> SecretCertificate {
        var opened = secrets
        var isOpen = !isLocked
        for (fingerprint, material) in secrets where material.isLocked && !material.isAbsent {
            guard let key = unlock[fingerprint] else { continue }
            do {
                opened[fingerprint] = SecretKeyMaterial(
                    open: try material.unlocked(with: key, isPrimary: fingerprint == self.fingerprint),
                    of: material.key)
                isOpen = true
            } catch let error as OpenPGPError where error.code == .wrongPassword || error.code == .malformed {
                continue
            }
        }
        guard isOpen else { throw OpenPGPError(.wrongPassword, "the unlock secrets do not open the key") }
        return SecretCertificate(certificate: certificate, secrets: opened)
    }

    /// The key with all open parts locked, and what opens them again without the password.
    ///
    /// - Parameter lock: nil for what readers of the key's version can be expected to know.
    public func lockedWithSecrets(
        password: SecretBytes, with lock: PasswordLock? = nil
    ) throws -> (key: SecretCertificate, secrets: UnlockSecrets) {
        let lock = lock ?? (certificate.primaryKey.version == 6 ? .argon2 : .interoperable)
        var locked: [Fingerprint: SecretKeyMaterial] = [:]
        var found = UnlockSecrets()
        for (fingerprint, material) in secrets {
            let (part, key) =
                switch lock {
                case .interoperable: try material.locked(password)
                case .argon2: try material.sealed(password, isPrimary: fingerprint == self.fingerprint)
                }
            locked[fingerprint] = part
            found[fingerprint] = key
        }
        return (SecretCertificate(certificate: certificate, secrets: locked), found)
    }
}
