/// The hash algorithms OpenPGP and S/MIME name. Whether one is still good enough is a matter of policy, above here.
public enum HashAlgorithm: Int, Sendable, CaseIterable {
    case md5, sha1, ripemd160, sha224, sha256, sha384, sha512, sha3_256, sha3_512

    /// Length of a digest in octets.
    public var digestSize: Int {
        switch self {
        case .md5: 16
        case .sha1, .ripemd160: 20
        case .sha224: 28
        case .sha256, .sha3_256: 32
        case .sha384: 48
        case .sha512, .sha3_512: 64
        }
    }

    /// The name libcrypto fetches it by; also accepted as the `digest` parameter of other algorithms.
    var libraryName: String {
        switch self {
        case .md5: "MD5"
        case .sha1: "SHA1"
        case .ripemd160: "RIPEMD160"
        case .sha224: "SHA224"
        case .sha256: "SHA256"
        case .sha384: "SHA384"
        case .sha512: "SHA512"
        case .sha3_256: "SHA3-256"
        case .sha3_512: "SHA3-512"
        }
    }
}
