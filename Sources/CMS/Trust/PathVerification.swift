import COpenSSL
import Libcrypto

/// One run of libcrypto's path validation at one moment. It goes on after each failure, so that all of them are found.
final class PathVerification {
    /// A failure in the words of libcrypto: an `X509_V_ERR` number, the depth and, where one is at hand, the entry in a list.
    struct Failure: Hashable {
        let error: Int32
        let depth: Int
        let revocation: RevocationEntry?
    }

    /// Certificates of one message that are looked at as possible issuers.
    static let maximumIntermediates = 100
    /// Certificates of one chain.
    static let maximumDepth: Int32 = 16

    private(set) var failures: [Failure] = []
    private(set) var chain: [X509Certificate] = []

    /// Builds and checks a chain at a time in Unix seconds; with `crls`, revocation too.
    init(
        _ certificate: X509Certificate, intermediates: [X509Certificate], store: TrustStore,
        crls: [RevocationList]?, at time: Int64
    ) throws {
        guard let context = X509_STORE_CTX_new_ex(LibraryContext.shared, nil) else {
            throw CMSError.exhausted("X509_STORE_CTX_new_ex")
        }
        defer {
            X509_STORE_CTX_free(context)
            ERR_clear_error()
        }
        let intermediates = Array(intermediates.prefix(PathVerification.maximumIntermediates))
        try withStack(intermediates.map { $0.withHandle { $0 } }) { untrusted in
            try withStack((crls ?? []).map { $0.withHandle { $0 } }) { lists in
                try certificate.withHandle { leaf in
                    try store.withHandle { anchors in
                        guard X509_STORE_CTX_init(context, anchors, leaf, untrusted) == 1 else {
                            throw CMSError.exhausted("X509_STORE_CTX_init")
                        }
                        if crls != nil { X509_STORE_CTX_set0_crls(context, lists) }
                        run(
                            context, flags: store.trustsIntermediates ? UInt(X509_V_FLAG_PARTIAL_CHAIN) : 0,
                            checksLists: crls != nil, at: time)
                        // The chain lends its certificates from here: it must be copied while all of them are alive.
                        try copyChain(context, certificate, intermediates, store)
                    }
                }
            }
        }
        withExtendedLifetime((intermediates, crls)) {}
    }

    private func run(_ context: OpaquePointer, flags: UInt, checksLists: Bool, at time: Int64) {
        let parameters = X509_STORE_CTX_get0_param(context)
        var flags = flags | UInt(X509_V_FLAG_POLICY_CHECK)
        if checksLists {
            flags |= UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL)
            flags |= UInt(X509_V_FLAG_EXTENDED_CRL_SUPPORT | X509_V_FLAG_USE_DELTAS)
        }
        X509_VERIFY_PARAM_set_flags(parameters, flags)
        X509_VERIFY_PARAM_set_depth(parameters, PathVerification.maximumDepth)
        X509_VERIFY_PARAM_set_time(parameters, Int(time))
        // No policy at all would mean that none is acceptable where a certificate asks for an explicit one.
        if let any = OBJ_dup(OBJ_nid2obj(NID_any_policy)), X509_VERIFY_PARAM_add0_policy(parameters, any) != 1 {
            ASN1_OBJECT_free(any)
        }
        X509_STORE_CTX_set_verify_cb(context, noteFailure)
        let status = withExtendedLifetime(self) {
            X509_STORE_CTX_set_ex_data(context, 0, Unmanaged.passUnretained(self).toOpaque())
            return X509_verify_cert(context)
        }
        let last = X509_STORE_CTX_get_error(context)
        if failures.isEmpty, status != 1 || last != X509_V_OK {
            note(Failure(error: last == X509_V_OK ? X509_V_ERR_UNSPECIFIED : last, depth: 0, revocation: nil))
        }
    }

    private func copyChain(
        _ context: OpaquePointer, _ certificate: X509Certificate, _ intermediates: [X509Certificate],
        _ store: TrustStore
    ) throws {
        guard let built = X509_STORE_CTX_get0_chain(context) else { return }
        var known = store.byHandle
        for other in [certificate] + intermediates { other.withHandle { known[$0] = other } }
        for index in 0..<max(0, OPENSSL_sk_num(built)) {
            guard let handle = OPENSSL_sk_value(built, index).map({ OpaquePointer($0) }) else { continue }
            chain.append(try known[handle] ?? X509Certificate(copying: handle))
        }
    }

    fileprivate func note(_ failure: Failure) {
        // A hostile chain can fail in as many ways as it has names and extensions.
        guard failures.count < 200, !failures.contains(failure) else { return }
        failures.append(failure)
    }
}

/// Called by libcrypto for every check; writes down what failed and lets it go on.
private func noteFailure(_ isFine: Int32, _ context: OpaquePointer?) -> Int32 {
    guard isFine == 0, let context else { return isFine }
    // The path of the issuer of a list is checked in a context of its own, below this one.
    var top = context
    while let parent = X509_STORE_CTX_get0_parent_ctx(top) { top = parent }
    guard let raw = X509_STORE_CTX_get_ex_data(top, 0) else { return 0 }
    let verification = Unmanaged<PathVerification>.fromOpaque(raw).takeUnretainedValue()
    let error = X509_STORE_CTX_get_error(context)
    var revocation: RevocationEntry?
    if error == X509_V_ERR_CERT_REVOKED, let list = X509_STORE_CTX_get0_current_crl(context),
        let certificate = X509_STORE_CTX_get_current_cert(context)
    {
        revocation = RevocationList.entry(list, certificate)
    }
    let depth = top == context ? Int(max(0, X509_STORE_CTX_get_error_depth(context))) : 0
    verification.note(.init(error: error, depth: depth, revocation: revocation))
    return 1
}

/// Lends a stack of objects that it does not own.
func withStack<R>(_ objects: [OpaquePointer], _ body: (OpaquePointer) throws -> R) throws -> R {
    guard let stack = OPENSSL_sk_new_null() else { throw CMSError.exhausted("OPENSSL_sk_new_null") }
    defer { OPENSSL_sk_free(stack) }
    for object in objects {
        guard OPENSSL_sk_push(stack, UnsafeRawPointer(object)) > 0 else { throw CMSError.exhausted("OPENSSL_sk_push") }
    }
    return try body(stack)
}
