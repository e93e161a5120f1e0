import FuzzSupport
import OpenPGP

/// Reads and judges any octets as certificates: what is read survives writing and merging, with the same judgement.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCertificate(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let found = try? Certificate.parseAll(bytes) else { return 0 }
    let times = [Timestamp(0), Timestamp(1_500_000_000), Timestamp(1_790_000_000)]
    for certificate in found.certificates {
        guard let again = try? Certificate(parsing: certificate.serialized()) else { fatalError("not readable again") }
        precondition(again == certificate, "writing loses something")
        let merged = try? certificate.merged(with: again)
        precondition(merged == certificate, "merging with itself changes something")
        let cleaned = certificate.cleaned()
        precondition(cleaned.cleaned() == cleaned, "cleaning does not come to an end")
        precondition((try? certificate.merged(with: cleaned)) == certificate, "cleaning adds something")
        _ = certificate.considering(revokers: found.certificates).hasUncheckedRevocations
        for said in certificate.thirdPartyCertifications.prefix(16) {
            for issuer in found.certificates.prefix(4) {
                _ = certificate.certification(of: said.userID, by: issuer, at: Timestamp(1_790_000_000))
            }
        }
        for time in times {
            _ = try? certificate.minimal(at: time, policy: .archive)
            let statuses = certificate.keyStatuses(at: time, policy: .archive)
            precondition(statuses == again.keyStatuses(at: time, policy: .archive), "another judgement")
            for key in certificate.encryptionKeys(at: time) + certificate.verificationKeys(at: time) {
                let isValid = statuses.contains { $0.key == key && $0.validity.isValid }
                precondition(isValid, "a key that does not count is offered")
            }
            _ = certificate.validUserIDs(at: time).map(\.emailAddress)
            _ = certificate.preferences(at: time)
        }
    }
    for (first, second) in zip(found.certificates, found.certificates.dropFirst()) {
        precondition((try? first.merged(with: second)) == nil, "two keys were merged")
    }
    if let user = found.certificates.first?.userIDs.first { plant(user.userID.bytes) }
    guard let secrets = try? SecretCertificate.parseAll(bytes) else { return 0 }
    for secret in secrets.keys {
        let written = secret.serialized().withBytes { span in span.indices.map { span[$0] } }
        guard let again = try? SecretCertificate(parsing: written) else { fatalError("not readable again") }
        precondition(again.serialized() == secret.serialized(), "writing loses a secret")
        _ = secret.decryptionKeys()
        _ = try? secret.signingKey(at: Timestamp(1_790_000_000))
    }
    return 0
}
