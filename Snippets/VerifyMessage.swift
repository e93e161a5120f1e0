// Makes a signature that stands apart from its content, as mail does, and verifies it.

import OpenPGP

// snippet.hide
let now = Timestamp(1_790_000_000)
let alice = try SecretCertificate.generate(userIDs: ["Alice <alice@example.org>"], at: now)
let later = now.adding(seconds: 60)
let content = Array("I owe you 5 EUR.\r\n".utf8)
// snippet.show

let signer = try DetachedSigner(keys: [alice.signingKey(at: later)], time: later)
signer.push(content)
let signature = try signer.finish()

let verifier = try DetachedVerifier(signatures: signature)
verifier.push(content)
// The closure finds certificates for the issuers that a signature names.
let results = try verifier.finish(signatures: signature, time: later) { _ in [alice.certificate] }
for result in results {
    switch result.outcome {
    case .good: print("good, by", result.signer?.fingerprint.hex ?? "nobody")
    case let reason: print("does not count:", reason)
    }
}
