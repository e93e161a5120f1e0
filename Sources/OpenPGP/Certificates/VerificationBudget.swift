/// How much work the signatures of one certificate may cost: a flood of wrong ones, each with its own large key or user
/// ID to be hashed, must not stall whoever reads it.
struct VerificationBudget {
    /// A unit is a kibibyte of hashing; a verification by RSA with 2048 bits is as dear as 64 of them.
    private var left = 4000 * 64

    /// Whether the digest over a part begins as a signature says; nil where nothing is left to find out.
    mutating func fits(_ signature: Signature, _ object: SignedObject) -> Bool? {
        left -= 1 + object.byteCount / 1024
        guard left > 0 else { return nil }
        return signature.digestValue(over: object) != nil
    }

    /// Whether a signature is right; nil where nothing is left to find out.
    mutating func check(_ signature: Signature, over object: SignedObject, by key: PublicKey) -> Bool? {
        left -= 1 + object.byteCount / 1024
        guard left > 0 else { return nil }
        guard let value = signature.digestValue(over: object) else { return false }
        left -= 64 * key.verificationCost
        return (try? signature.verify(digestValue: value, with: key)) ?? false
    }
}

extension SignedObject {
    fileprivate var byteCount: Int {
        switch self {
        case .key(let key): key.serializedBody.count
        case .subkey(let subkey, let primary): subkey.serializedBody.count + primary.serializedBody.count
        case .userID(let bytes, let primary), .userAttribute(let bytes, let primary):
            bytes.count + primary.serializedBody.count
        }
    }
}

extension PublicKey {
    /// What verifying one signature costs, as a multiple of what RSA with 2048 bits does.
    fileprivate var verificationCost: Int {
        let size = max(1, bitSize / 2048)
        return switch parameters {
        // The usual exponent has 17 bits, the longest that is worked with 64.
        case .rsa(_, let e): size * size * (e.bytes.count > 3 ? 4 : 1)
        case .dsa: 16 * size * size
        case .ecdsa(let curve, _): curve == .p256 ? 4 : 30
        case .ed448: 20
        default: 6
        }
    }
}
