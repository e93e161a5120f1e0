import COpenSSL

/// libcrypto's verification errors in our words.
enum VerificationErrors {
    /// How a sentence names a certificate of a chain.
    static func place(_ depth: Int) -> String { depth == 0 ? "the certificate" : "issuer \(depth)" }

    static func diagnostic(_ failure: PathVerification.Failure, signingTime: Int64) -> ChainDiagnostic {
        let place = place(failure.depth)
        let (code, message): (ChainDiagnostic.Code, String) =
            switch failure.error {
            case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
                X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED, X509_V_ERR_CERT_REJECTED:
                (.untrusted, "no path leads to a trusted authority")
            case X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE,
                X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH:
                (.badSignature, "the signature on \(place) is wrong")
            case X509_V_ERR_CERT_NOT_YET_VALID: (.notYetValid, "\(place) was not valid yet")
            case X509_V_ERR_CERT_HAS_EXPIRED: (.expired, "\(place) had expired")
            case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD,
                X509_V_ERR_INVALID_EXTENSION, X509_V_ERR_UNSUPPORTED_EXTENSION_FEATURE, X509_V_ERR_INVALID_NON_CA,
                X509_V_ERR_EC_KEY_EXPLICIT_PARAMS:
                (.malformed, "an extension or field of \(place) is damaged")
            case X509_V_ERR_INVALID_CA, X509_V_ERR_KEYUSAGE_NO_CERTSIGN, X509_V_ERR_INVALID_PURPOSE:
                (.notAuthority, "\(place) may not issue certificates")
            case X509_V_ERR_PATH_LENGTH_EXCEEDED, X509_V_ERR_CERT_CHAIN_TOO_LONG:
                (.pathTooLong, "the chain is longer than \(place) allows")
            case X509_V_ERR_PERMITTED_VIOLATION, X509_V_ERR_EXCLUDED_VIOLATION, X509_V_ERR_SUBTREE_MINMAX,
                X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX,
                X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
                (.nameConstraints, "\(place) has a name that an authority may not give")
            case X509_V_ERR_NO_EXPLICIT_POLICY, X509_V_ERR_INVALID_POLICY_EXTENSION:
                (.policies, "the policies of the chain do not fit together")
            case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
                (.criticalExtension, "a critical extension of \(place) is not understood")
            case X509_V_ERR_CERT_REVOKED: revoked(failure, place, signingTime)
            case X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, X509_V_ERR_DIFFERENT_CRL_SCOPE:
                (.listMissing, "no revocation list covers \(place)")
            case X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID:
                (.listExpired, "the revocation list for \(place) is out of date")
            case X509_V_ERR_CRL_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE,
                X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD, X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD,
                X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION,
                X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
                (.listInvalid, "the revocation list for \(place) is not genuine or not understood")
            default: (.failed, "\(place) does not pass check \(failure.error)")
            }
        return ChainDiagnostic(code, message, depth: failure.depth, revocation: failure.revocation)
    }

    private static func revoked(
        _ failure: PathVerification.Failure, _ place: String, _ signingTime: Int64
    ) -> (ChainDiagnostic.Code, String) {
        guard let entry = failure.revocation, !entry.reason.isHard, entry.date > signingTime else {
            return (.revoked, "\(place) is revoked")
        }
        return (.revokedSince, "\(place) was revoked later")
    }
}
