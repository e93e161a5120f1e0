import OpenPGP

/// The certificates that signatures may be made by, and what is told of the signatures that count.
struct SignerSet {
    private var certificates: [Fingerprint: Certificate] = [:]
    private var names: [Fingerprint: [String]] = [:]
    private let window: DateWindow
    private let now: Timestamp

    init(_ designators: [String], window: DateWindow, now: Timestamp) throws {
        self.window = window
        self.now = now
        for designator in designators {
            for certificate in try KeyFiles.certificates(designator) {
                let fingerprint = certificate.fingerprint
                // A revocation in one copy counts for all.
                let known = certificates[fingerprint]
                certificates[fingerprint] = try known.map { try $0.merged(with: certificate) } ?? certificate
                names[fingerprint, default: []].append(designator)
            }
        }
    }

    func issuers(_ hints: [IssuerHint]) -> [Certificate] {
        certificates.values.filter { certificate in
            hints.isEmpty || hints.contains { !certificate.keys(matching: $0).isEmpty }
        }
    }

    /// One line for each signature that counts (section "VERIFICATIONS" of the draft).
    func lines(for results: [SignatureResult]) -> [String] {
        results.compactMap { result in
            guard let signature = result.signature, let creation = signature.creation, let signer = result.signer,
                let certificate = result.certificate, window.contains(creation),
                counts(result, signer, certificate, creation)
            else { return nil }
            let mode = signature.type == .text ? "text" : "binary"
            let signers = (names[certificate.fingerprint] ?? []).map(Self.quoted).joined(separator: ",")
            return "\(creation.iso8601) \(signer.fingerprint.hex) \(certificate.fingerprint.hex) mode:\(mode) "
                + "{\"signers\":[\(signers)]}\n"
        }
    }

    /// A signature made in time outlives its key, unless the key was stolen.
    private func counts(
        _ result: SignatureResult, _ signer: PublicKey, _ certificate: Certificate, _ creation: Timestamp
    ) -> Bool {
        switch result.outcome {
        case .good: return true
        case .keyExpired, .keyRevoked(hard: false):
            let status = certificate.keyStatus(of: signer.fingerprint, at: creation, evaluation: now)
            return status.map { $0.validity.isValid && $0.flags.contains(.sign) } ?? false
        default: return false
        }
    }

    /// A JSON string.
    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case _ where scalar.value < 0x20:
                "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
