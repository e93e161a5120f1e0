import CMS
import FuzzSupport
import Libcrypto
import MIME

/// An authority whose key is nowhere else: nothing that is fuzzed can have been issued by it.
private let store: TrustStore? = {
    guard let name = CertificateName(commonName: "Fuzz"), let key = try? CMSPrivateKey.generate(.p256),
        let authority = try? CertificateAuthority.create(name: name, key: key, at: 1_500_000_000, days: 9000)
    else { return nil }
    return try? TrustStore([authority.certificate])
}()

private let password = SecretBytes(copying: [0x78])

/// Reads any octets as certificates, lists, requests, keys and PKCS#12: what is read survives writing, and nobody becomes
/// trusted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzX509(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let store else { fatalError("no authority") }
    let certificates = (try? X509Certificate.parseAll(bytes)) ?? []
    let lists = (try? RevocationList.parseAll(bytes)) ?? []
    for certificate in certificates.prefix(4) {
        guard let again = try? X509Certificate(pem: certificate.pem) else { fatalError("not readable again") }
        precondition(again == certificate && again.identity == certificate.identity, "writing loses something")
        for found in certificate.emailAddresses {
            guard let address = found.address else { continue }
            precondition(!found.raw.contains(0), "NUL in an address")
            precondition(
                certificate.matches(address: address) == address.isDomainMapped, "an address does not match itself")
        }
        _ = (certificate.keyUsage, certificate.extendedKeyUsage, certificate.basicConstraints, certificate.serial)
        let result = ChainValidator.validate(
            certificate, intermediates: certificates, store: store, crls: lists, at: 1_600_000_000,
            now: 1_700_000_000, purpose: count.isMultiple(of: 2) ? .signing : .encryption)
        precondition(!result.isValid, "trusted without an anchor")
        for list in lists { _ = list.entry(for: certificate) }
    }
    if certificates.count > 1 {
        let joined = try? X509Certificate.parseAll(X509Certificate.certificatesOnly(certificates))
        precondition(joined.map { Set($0) } == Set(certificates), "PKCS#7 loses a certificate")
    }
    if certificates.isEmpty, lists.isEmpty { readSecrets(bytes) }
    if let address = certificates.first?.emailAddresses.first { plant(address.raw) }
    return 0
}

/// What no certificate can be, so that certificates, which lead further, are read the faster.
private func readSecrets(_ bytes: [UInt8]) {
    if let request = try? CertificateRequest(bytes) { _ = request.emailAddresses }
    if let key = try? CMSPrivateKey(SecretBytes(copying: bytes), password: password) {
        guard let again = try? CMSPrivateKey(key.pkcs8) else { fatalError("not readable again") }
        precondition(again.algorithm == key.algorithm, "writing changes a key")
    }
    _ = try? PKCS12(bytes, password: password)
}
