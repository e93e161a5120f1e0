import COpenSSL
import Libcrypto

/// Judges a certificate by the path to a trusted anchor (RFC 5280 section 6, RFC 8550).
public enum ChainValidator {
    /// Runs every check and tells all that fail.
    ///
    /// - Parameters:
    ///   - intermediates: certificates that came along; at most 100 are looked at. They are never trusted by themselves.
    ///   - crls: revocation lists at hand, of any issuers; their signatures are verified here.
    ///   - signingTime: Unix seconds the signature claims; nil where there is no signature or it claims none.
    ///   - now: Unix seconds.
    public static func validate(
        _ certificate: X509Certificate, intermediates: [X509Certificate] = [], store: TrustStore,
        crls: [RevocationList] = [], at signingTime: Int64? = nil, now: Int64, purpose: ChainPurpose,
        policy: ChainPolicy = ChainPolicy()
    ) -> ChainResult {
        do {
            let lists = crls.filter { isAcceptable(hash: $0.signatureHash, policy) || $0.signatureHash == NID_undef }
            let present = try PathVerification(
                certificate, intermediates: intermediates, store: store, crls: policy.revocation == .off ? nil : lists,
                at: now)
            let then = signingTime ?? now
            let past =
                then == now
                ? present
                : try PathVerification(
                    certificate, intermediates: intermediates, store: store, crls: nil, at: then)
            var found = collect(present: present, past: past, signingTime: then)
            found += usage(certificate, purpose)
            for chain in past === present ? [present.chain] : [present.chain, past.chain] {
                found += strength(chain, policy) + authorities(chain)
            }
            return result(present.chain, found, policy)
        } catch {
            let message = (error as? CMSError)?.message ?? "validation failed"
            return ChainResult(chain: [], failures: [ChainDiagnostic(.failed, message, depth: 0)], notes: [])
        }
    }

    private static func result(
        _ chain: [X509Certificate], _ found: [ChainDiagnostic], _ policy: ChainPolicy
    ) -> ChainResult {
        var seen: Set<ChainDiagnostic> = []
        let distinct = found.filter { seen.insert($0).inserted }
        func isNote(_ diagnostic: ChainDiagnostic) -> Bool {
            policy.revocation != .hard && (diagnostic.code == .listMissing || diagnostic.code == .listExpired)
        }
        return ChainResult(
            chain: chain, failures: distinct.filter { !isNote($0) }, notes: distinct.filter { isNote($0) })
    }

    /// Puts what failed at the two moments into our words.
    private static func collect(
        present: PathVerification, past: PathVerification, signingTime: Int64
    ) -> [ChainDiagnostic] {
        let isOneMoment = past === present
        let expiredThen = past.failures.contains { $0.error == X509_V_ERR_CERT_HAS_EXPIRED }
        var found: [ChainDiagnostic] = []
        if !isOneMoment { found += past.failures.map { VerificationErrors.diagnostic($0, signingTime: signingTime) } }
        found += present.failures.compactMap { failure -> ChainDiagnostic? in
            switch failure.error {
            case X509_V_ERR_CERT_HAS_EXPIRED where !isOneMoment:
                expiredThen
                    ? nil
                    : ChainDiagnostic(
                        .expiredSince, "\(VerificationErrors.place(failure.depth)) has expired since",
                        depth: failure.depth)
            case X509_V_ERR_CERT_NOT_YET_VALID where !isOneMoment:
                ChainDiagnostic(
                    .notYetValidNow, "\(VerificationErrors.place(failure.depth)) is not valid yet",
                    depth: failure.depth)
            default: VerificationErrors.diagnostic(failure, signingTime: signingTime)
            }
        }
        return found
    }

    private static func usage(_ certificate: X509Certificate, _ purpose: ChainPurpose) -> [ChainDiagnostic] {
        var found: [ChainDiagnostic] = []
        let allowing: KeyUsage
        switch (purpose, certificate.keyAlgorithm) {
        case (.signing, _): allowing = [.digitalSignature, .nonRepudiation]
        case (.encryption, .rsa): allowing = .keyEncipherment
        case (.encryption, .ec), (.encryption, .edwards("X25519")), (.encryption, .edwards("X448")):
            allowing = .keyAgreement
        case (.encryption, _): allowing = []
        }
        if allowing.isEmpty || certificate.keyUsage.map({ $0.isDisjoint(with: allowing) }) ?? false {
            let what = purpose == .signing ? "sign" : "encrypt"
            found.append(ChainDiagnostic(.keyUsage, "the key usage does not allow to \(what) mail", depth: 0))
        }
        if !allowsMail(certificate) {
            found.append(ChainDiagnostic(.extendedKeyUsage, "the extended key usage does not allow mail", depth: 0))
        }
        if certificate.isDamaged {
            found.append(ChainDiagnostic(.malformed, "an extension of the certificate is damaged", depth: 0))
        }
        return found
    }

    private static func allowsMail(_ certificate: X509Certificate) -> Bool {
        guard let usage = certificate.extendedKeyUsage else { return true }
        return usage.contains(X509Certificate.emailProtection) || usage.contains(X509Certificate.anyExtendedKeyUsage)
    }

    /// What libcrypto lets pass: authorities known by their key usage alone or by being of version 1, and such that may
    /// not issue for mail. The anchor is trusted as it is.
    private static func authorities(_ chain: [X509Certificate]) -> [ChainDiagnostic] {
        chain.enumerated().dropFirst().dropLast().flatMap { depth, certificate in
            var found: [ChainDiagnostic] = []
            if certificate.basicConstraints?.isAuthority != true {
                found.append(ChainDiagnostic(.notAuthority, "issuer \(depth) is no authority", depth: depth))
            }
            if !allowsMail(certificate) {
                found.append(
                    ChainDiagnostic(.extendedKeyUsage, "issuer \(depth) may not issue for mail", depth: depth))
            }
            return found
        }
    }

    private static func strength(_ chain: [X509Certificate], _ policy: ChainPolicy) -> [ChainDiagnostic] {
        var found: [ChainDiagnostic] = []
        for (depth, certificate) in chain.enumerated() {
            let place = VerificationErrors.place(depth)
            if !isStrong(certificate.keyAlgorithm, policy) {
                let key = certificate.keyAlgorithm
                found.append(ChainDiagnostic(.weakKey, "\(place) has a key of \(key), which is too weak", depth: depth))
            }
            // Nobody relies on the signature of an anchor over itself.
            let isAnchor = depth > 0 && depth == chain.count - 1 && certificate.isSelfIssued
            var hash = NID_undef
            var key = NID_undef
            let isKnown = certificate.withHandle { X509_get_signature_info($0, &hash, &key, nil, nil) } == 1
            ERR_clear_error()
            let isEdwards = hash == NID_undef && (key == NID_ED25519 || key == NID_ED448)
            if !isAnchor, !isKnown || !(isEdwards || isAcceptable(hash: hash, policy)) {
                found.append(ChainDiagnostic(.weakHash, "the signature on \(place) uses a weak hash", depth: depth))
            }
        }
        return found
    }

    private static func isStrong(_ key: CertificateKeyAlgorithm, _ policy: ChainPolicy) -> Bool {
        switch key {
        case .rsa(let bits), .rsaPSS(let bits): bits >= policy.minimumRSABits && bits <= 16384
        case .ec(let curve, let bits): bits >= 256 && curve != "unnamed"
        case .edwards: true
        case .dsa(let bits): policy.allowsDSA && bits >= 1024
        case .other: false
        }
    }

    private static func isAcceptable(hash: Int32, _ policy: ChainPolicy) -> Bool {
        switch hash {
        case NID_sha224, NID_sha256, NID_sha384, NID_sha512, NID_sha3_256, NID_sha3_384, NID_sha3_512: true
        case NID_sha1: policy.allowsSHA1
        default: false
        }
    }
}
