import Foundation
import OpenPGP
import TestSupport

/// A hundred people with OpenPGP keys (`p0@pgp.test` ...) and a hundred with S/MIME certificates (`s0@smime.test` ...), made
/// once.
final class SplitPeople: Sendable {
    static let shared = Result { try SplitPeople() }
    static let count = 100
    /// Those whose keys gpg has too.
    static let known = 10

    let openpgp: [String: SecretCertificate]
    let smime: [String: (identity: OpenSSLAuthority.Identity, serial: Int)]
    let authority: OpenSSLAuthority
    let gpg: GnuPGHome
    /// Somebody on the other side of the last step.
    let keeper: SecretCertificate
    /// The certificate of somebody guardd hears of later, late@pgp.test.
    let lateKey: [UInt8]

    /// The senders that sign.
    static let signers = ["sign", "both"].map { "\($0)@guard.test" }

    private init() throws {
        func key(_ address: String) throws -> SecretCertificate {
            try SecretCertificate.generate(userIDs: ["<\(address)>"], at: Timestamp(1_700_000_000))
        }
        var openpgp: [String: SecretCertificate] = [:]
        for number in 0..<Self.count { openpgp["p\(number)@pgp.test"] = try key("p\(number)@pgp.test") }
        for address in Self.signers + [
            "archive@guard.test", "bob@guard.test", "own@guard.test", "team@pgp.test", "audited@pgp.test",
        ] {
            openpgp[address] = try key(address)
        }
        self.openpgp = openpgp
        keeper = try key("keeper@out.test")
        lateKey = try key("late@pgp.test").certificate.serialized()
        gpg = try GnuPGHome()
        let secrets = (0..<Self.known).compactMap { openpgp["p\($0)@pgp.test"] }.map { secret in
            Self.octets(secret)
        }
        try gpg.importKey(Array(secrets.joined()))

        authority = try OpenSSLAuthority()
        let folder = authority.folder
        // One shell for all: a process of its own for each request would take half a minute.
        try Shell.check(
            "/bin/sh",
            [
                "-c",
                """
                cd "$0" && for n in $(seq 0 $1) sign both; do
                  case $n in sign|both) a=$n@guard.test; s=9$(echo $n | wc -c) ;; *) a=s$n@smime.test; s=$((1000 + n)) ;; esac
                  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -CA ca.pem -CAkey ca.key \
                    -set_serial $s -keyout "$a.key" -out "$a.pem" -subj "/CN=$a" \
                    -addext "subjectAltName=email:$a" -addext basicConstraints=CA:false \
                    -addext keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement \
                    -addext extendedKeyUsage=emailProtection 2>>log || exit 1
                done
                """, folder.path, "\(Self.count - 1)",
            ])
        var smime: [String: (identity: OpenSSLAuthority.Identity, serial: Int)] = [:]
        func read(_ address: String, _ serial: Int) throws {
            smime[address] = (
                OpenSSLAuthority.Identity(
                    address: address, certificateFile: folder.file(address + ".pem"),
                    keyFile: folder.file(address + ".key"), certificate: try folder.read(address + ".pem"),
                    privateKey: try folder.read(address + ".key")), serial
            )
        }
        for number in 0..<Self.count { try read("s\(number)@smime.test", 1000 + number) }
        for address in Self.signers { try read(address, 0) }
        self.smime = smime
    }

    /// Everybody's keys, and the senders' secret ones.
    func give(to guardd: GuardDaemon) throws {
        let ours = openpgp.filter { $0.key.hasSuffix("@guard.test") }
        let theirs = openpgp.filter { !$0.key.hasSuffix("@guard.test") }
        try guardd.importPublic(Array(theirs.values.map { $0.certificate.serialized() }.joined()))
        for (address, secret) in ours {
            if Self.signers.contains(address) {
                try guardd.importSecret(Self.octets(secret))
            } else {
                try guardd.importPublic(secret.certificate.serialized())
            }
        }
        let certificates = smime.filter { !Self.signers.contains($0.key) }.values.map(\.identity.certificate)
        try guardd.importSMIME(Array(certificates.joined()))
        for address in Self.signers {
            guard let own = smime[address]?.identity else { continue }
            try guardd.importSMIME(own.certificate + own.privateKey)
        }
    }

    private static func octets(_ secret: SecretCertificate) -> [UInt8] {
        secret.serialized().withBytes { span in span.indices.map { span[$0] } }
    }

    /// The key IDs of a person's encryption subkeys, upper-case hexadecimal.
    func keyIDs(_ address: String) -> Set<String> {
        Set((openpgp[address]?.decryptionKeys() ?? []).map { $0.publicKey.keyID.hex.uppercased() })
    }
}
