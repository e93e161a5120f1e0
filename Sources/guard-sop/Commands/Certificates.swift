import Libcrypto
import OpenPGP

extension Subcommand {
    static let mergeCertificates = Subcommand(
        "merge-certs", usage: "[--no-armor] [--] [CERTS...] <CERTS", flags: ["--no-armor"]
    ) { arguments in
        let news = try arguments.positional.flatMap(KeyFiles.certificates)
        let merged = try KeyFiles.certificatesOnStandardInput().map { certificate in
            try news.filter { $0.fingerprint == certificate.fingerprint }
                .reduce(certificate) { try $0.merged(with: $1) }
        }
        try KeyFiles.write(merged, armor: arguments.armor)
    }

    static let certifyUserID = Subcommand(
        "certify-userid",
        usage: "[--no-armor] --userid=USERID... [--with-key-password=PASSWORD...] [--no-require-self-sig] [--] "
            + "KEYS... <CERTS",
        flags: ["--no-armor", "--no-require-self-sig"], options: ["--userid", "--with-key-password"]
    ) { arguments in
        let userIDs = arguments.all("--userid").map { UserID(bytes: Array($0.utf8)) }
        guard !userIDs.isEmpty else { throw Failure(.missingArgument, "no --userid to certify") }
        guard !arguments.positional.isEmpty else { throw Failure(.missingArgument, "no key to certify with") }
        let passwords = try Passwords.known(arguments.all("--with-key-password"))
        let keys = try arguments.positional.flatMap(KeyFiles.keys).map { try KeyFiles.opened($0, passwords) }
        var options = CertificationOptions()
        options.requiresSelfSignature = !arguments.has("--no-require-self-sig")
        let now = Timestamp.now()
        let certified = try KeyFiles.certificatesOnStandardInput().map { certificate in
            try keys.reduce(certificate) { try certify(userIDs, of: $0, with: $1, options, at: now) }
        }
        try KeyFiles.write(certified, armor: arguments.armor)
    }

    private static func certify(
        _ userIDs: [UserID], of certificate: Certificate, with key: SecretCertificate,
        _ options: CertificationOptions, at now: Timestamp
    ) throws -> Certificate {
        let status = key.certificate.keyStatuses(at: now).first
        guard let status, status.validity.isValid, status.flags.contains(.certify) else {
            throw Failure(.keyCannotCertify, "key \(key.fingerprint.hex) may not certify")
        }
        do {
            return try key.certifying(userIDs, of: certificate, options: options, at: now)
        } catch let error as OpenPGPError {
            switch error.code {
            case .secretUnavailable: throw Failure(.keyCannotCertify, error.message)
            case .invalidArgument, .noUsableKey: throw Failure(.userIDNoMatch, error.message)
            default: throw error
            }
        }
    }

    static let validateUserID = Subcommand(
        "validate-userid", usage: "[--addr-spec-only] [--validate-at=DATE] [--] USERID CERTS... <CERTS",
        flags: ["--addr-spec-only"], options: ["--validate-at"]
    ) { arguments in
        guard let wanted = arguments.positional.first, arguments.positional.count > 1 else {
            throw Failure(.missingArgument, "a user ID and certificates of authorities are needed")
        }
        let now = Timestamp.now()
        let moment = try DateWindow.moment(try arguments.one("--validate-at") ?? "now", now) ?? now
        let authorities = try arguments.positional.dropFirst().flatMap(KeyFiles.certificates)
        let byAddress = arguments.has("--addr-spec-only")
        for certificate in try KeyFiles.certificatesOnStandardInput() {
            let isBound =
                certificate.validity(at: moment, evaluation: now).isValid
                && certificate.userIDs.map(\.userID).contains { userID in
                    guard byAddress ? userID.emailAddress == wanted : userID.bytes == Array(wanted.utf8) else {
                        return false
                    }
                    return authorities.contains {
                        $0.vouches(for: userID, of: certificate, at: moment, evaluation: now)
                    }
                }
            guard isBound else {
                throw Failure(.userIDNoMatch, "nobody vouches for this user ID of \(certificate.fingerprint.hex)")
            }
        }
    }
}
