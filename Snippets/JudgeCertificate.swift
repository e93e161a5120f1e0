// Asks what a certificate is good for, now and after it was revoked.

import OpenPGP

// snippet.hide
let now = Timestamp(1_790_000_000)
let alice = try SecretCertificate.generate(userIDs: ["Alice <alice@example.org>"], at: now)
let later = now.adding(seconds: 60)
// snippet.show

let certificate = try Certificate(parsing: alice.certificate.armored())
if certificate.validity(at: later) == .valid, !certificate.encryptionKeys(at: later).isEmpty {
    for userID in certificate.validUserIDs(at: later) {
        print(userID.emailAddress ?? userID.string, "may be encrypted to")
    }
}

// Revoked without a reason: nothing that the key ever signed counts any more.
let revocation = try alice.revocationCertificate(Revocation(), at: later)
let revoked = try certificate.merged(withRevocation: revocation)
print(revoked.validity(at: now))
