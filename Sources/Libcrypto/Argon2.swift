import CArgon2

/// Keys from passwords at the price of memory (RFC 9106).
public enum Argon2 {
    /// Argon2id, version 1.3: `count` octets, at least 4, with a salt of at least 8 and at least 8 KiB of memory per lane.
    /// Fills `memoryKiB` of memory `passes` times, so both must be bounded by whoever takes them from a message; lanes
    /// are worked off one after the other, on this thread. Throws `invalidParameter`, or `resourceExhausted` where there
    /// is not so much memory.
    public static func id(
        password: SecretBytes, salt: [UInt8], passes: UInt32, parallelism: UInt32, memoryKiB: UInt32, count: Int
    ) throws -> SecretBytes {
        try id(
            password: password, salt: salt, secret: [], associatedData: [], passes: passes, parallelism: parallelism,
            memoryKiB: memoryKiB, count: count)
    }

    /// The same with the two further inputs that the vectors of the RFC have.
    static func id(
        password: SecretBytes, salt: [UInt8], secret: [UInt8], associatedData: [UInt8], passes: UInt32,
        parallelism: UInt32, memoryKiB: UInt32, count: Int
    ) throws -> SecretBytes {
        guard count >= 4, count <= 1 << 20, let passwordSize = UInt32(exactly: password.count),
            let saltSize = UInt32(exactly: salt.count)
        else { throw LibcryptoError(.invalidParameter, "Argon2 output of \(count) octets") }
        var salt = salt
        var secret = secret
        var associatedData = associatedData
        return try SecretBytes(
            raw: count,
            unsafe: { output in
                let status = password.withPointer { password in
                    salt.withUnsafeMutableBufferPointer { salt in
                        secret.withUnsafeMutableBufferPointer { secret in
                            associatedData.withUnsafeMutableBufferPointer { associatedData in
                                // libargon2 writes through none of these pointers without a flag to do so.
                                var context = argon2_context()
                                context.out = output
                                context.outlen = UInt32(count)
                                context.pwd = UnsafeMutablePointer(mutating: password)
                                context.pwdlen = passwordSize
                                context.salt = salt.baseAddress
                                context.saltlen = saltSize
                                context.secret = secret.baseAddress
                                context.secretlen = UInt32(secret.count)
                                context.ad = associatedData.baseAddress
                                context.adlen = UInt32(associatedData.count)
                                context.t_cost = passes
                                context.m_cost = memoryKiB
                                context.lanes = parallelism
                                context.threads = 1
                                context.version = ARGON2_VERSION_13.rawValue
                                return argon2id_ctx(&context)
                            }
                        }
                    }
                }
                switch status {
                case ARGON2_OK.rawValue: return
                case ARGON2_MEMORY_ALLOCATION_ERROR.rawValue:
                    throw LibcryptoError(.resourceExhausted, "no \(memoryKiB) KiB of memory for Argon2")
                default: throw LibcryptoError(.invalidParameter, "Argon2 refuses its parameters (\(status))")
                }
            })
    }
}
