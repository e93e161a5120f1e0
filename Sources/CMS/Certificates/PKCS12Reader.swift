import COpenSSL
import Libcrypto

/// Walks over the parts of a PKCS#12 file.
struct PKCS12Reader {
    /// Derivation steps of a whole file.
    private static let maximumSteps = 3 * PasswordScheme.maximumIterations
    /// Bags of a whole file.
    private static let maximumBags = 1000
    private static let maximumDepth = 4

    private(set) var keys: [CMSPrivateKey] = []
    private(set) var certificates: [X509Certificate] = []
    private(set) var usesLegacyAlgorithms = false
    private var password: SecretBytes?
    private let legacy: LegacyAlgorithms
    private var steps = 0
    private var bags = 0

    init(password: SecretBytes, legacy: LegacyAlgorithms) {
        self.password = password
        self.legacy = legacy
    }

    mutating func read(_ bytes: [UInt8]) throws {
        guard bytes.count <= PKCS12.maximumSize else {
            throw CMSError(.limitExceeded, "a PKCS#12 file of \(bytes.count) octets is too large")
        }
        let context = LegacyContext.shared ?? LibraryContext.shared
        var empty = PKCS12_init_ex(NID_pkcs7_data, context, nil)
        guard empty != nil else { throw CMSError.exhausted("PKCS12_init_ex") }
        guard let read = decodeDER(bytes, { d2i_PKCS12(&empty, $0, $1) }) else {
            throw CMSError(.malformed, "the PKCS#12 file is damaged")
        }
        defer { PKCS12_free(read.object) }
        try verify(read.object)
        guard
            let safes = ObjectStack(
                PKCS12_unpack_authsafes(read.object), release: { PKCS7_free(UnsafeMutablePointer<PKCS7>($0)) })
        else { throw CMSError.library(.malformed, "the PKCS#12 file is damaged") }
        guard safes.count <= 64 else { throw Self.excessive }
        try safes.forEach { try open(safe: UnsafeMutablePointer<PKCS7>($0)) }
    }

    private static let excessive = CMSError(.limitExceeded, "the PKCS#12 file has too many parts")

    private mutating func spend(_ iterations: Int) throws {
        steps += iterations
        guard steps <= Self.maximumSteps else {
            throw CMSError(
                .limitExceeded, "opening the file would take more than \(Self.maximumSteps) derivation steps")
        }
    }

    private mutating func spend(_ algorithm: UnsafePointer<X509_ALGOR>?) throws -> PasswordScheme {
        let encoded = try encodeDER { i2d_X509_ALGOR(algorithm, $0) }
        let scheme = try PasswordScheme(algorithm: encoded.span)
        try spend(scheme.iterations)
        if !scheme.isModern {
            usesLegacyAlgorithms = true
            guard legacy == .readable else {
                throw CMSError(.refusedByPolicy, "the PKCS#12 file is locked with an old algorithm")
            }
        }
        return scheme
    }

    /// Checks the MAC and so the password. A file without one is read too: whoever gives it to us answers for it.
    private mutating func verify(_ file: OpaquePointer) throws {
        guard PKCS12_mac_present(file) == 1 else { return }
        var iterations: UnsafePointer<ASN1_INTEGER>?
        var algorithm: UnsafePointer<X509_ALGOR>?
        PKCS12_get0_mac(nil, &algorithm, nil, &iterations, file)
        let count = iterations.map { Int(ASN1_INTEGER_get($0)) } ?? 1
        guard count >= 1 else { throw PasswordScheme.excessive }
        try spend(PasswordScheme.bounded(count))
        let hash = algorithm.map { OBJ_obj2nid($0.pointee.algorithm) } ?? NID_undef
        guard let name = OBJ_nid2sn(hash), hash != NID_undef,
            let digest = EVP_MD_fetch(LegacyContext.shared ?? LibraryContext.shared, name, nil)
        else { throw CMSError.library(.unsupported, "the MAC of the PKCS#12 file is not supported") }
        EVP_MD_free(digest)
        if password?.withCharacters({ PKCS12_verify_mac(file, $0, $1) }) == 1 { return }
        // Some programs take no password for the empty one, some for none at all.
        if password?.count == 0, PKCS12_verify_mac(file, nil, 0) == 1 {
            password = nil
            return
        }
        throw CMSError.library(.wrongPassword, "the password does not open the PKCS#12 file")
    }

    private func withPassword<R>(_ body: (UnsafePointer<CChar>?, Int32) -> R) -> R {
        guard let password else { return body(nil, 0) }
        return password.withCharacters { body($0, $1) }
    }

    private mutating func open(safe: UnsafeMutablePointer<PKCS7>) throws {
        let contents: OpaquePointer?
        switch OBJ_obj2nid(safe.pointee.type) {
        case NID_pkcs7_data: contents = PKCS12_unpack_p7data(safe)
        case NID_pkcs7_encrypted:
            guard let encrypted = safe.pointee.d.encrypted, let inner = encrypted.pointee.enc_data else {
                throw CMSError(.malformed, "the PKCS#12 file is damaged")
            }
            _ = try spend(inner.pointee.algorithm)
            contents = withPassword { PKCS12_unpack_p7encdata(safe, $0, $1) }
            if contents == nil {
                throw CMSError.library(.wrongPassword, "the password does not open the PKCS#12 file")
            }
        default: throw CMSError(.unsupported, "the PKCS#12 file is locked with a public key")
        }
        guard let stack = ObjectStack(contents, release: { PKCS12_SAFEBAG_free($0) }) else {
            throw CMSError.library(.malformed, "the PKCS#12 file is damaged")
        }
        try stack.forEach { try read(bag: $0, depth: 0) }
    }

    private mutating func read(bag: OpaquePointer, depth: Int) throws {
        bags += 1
        guard bags <= Self.maximumBags, depth <= Self.maximumDepth else { throw Self.excessive }
        switch PKCS12_SAFEBAG_get_nid(bag) {
        case NID_keyBag:
            guard let info = PKCS12_SAFEBAG_get0_p8inf(bag) else { return }
            keys.append(try CMSPrivateKey(info: LockedKey.encode(info)))
        case NID_pkcs8ShroudedKeyBag:
            guard let locked = PKCS12_SAFEBAG_get0_pkcs8(bag) else { return }
            var algorithm: UnsafePointer<X509_ALGOR>?
            X509_SIG_get0(locked, &algorithm, nil)
            let scheme = try spend(algorithm)
            let info = try LockedKey.open(
                locked, scheme: scheme, password: password ?? SecretBytes(copying: []), legacy: legacy)
            keys.append(try CMSPrivateKey(info: info))
        case NID_certBag:
            guard PKCS12_SAFEBAG_get_bag_nid(bag) == NID_x509Certificate, let found = PKCS12_SAFEBAG_get1_cert(bag)
            else { return }
            defer { X509_free(found) }
            certificates.append(try X509Certificate(copying: found))
        case NID_safeContentsBag:
            // The stack belongs to the bag.
            guard let inner = PKCS12_SAFEBAG_get0_safes(bag) else { return }
            for index in 0..<max(0, OPENSSL_sk_num(inner)) {
                guard let next = OPENSSL_sk_value(inner, index) else { continue }
                try read(bag: OpaquePointer(next), depth: depth + 1)
            }
        default: return
        }
    }
}
