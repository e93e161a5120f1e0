// Encrypts a message to somebody, signed, and reads it as its recipient.

import OpenPGP

// snippet.hide
let now = Timestamp(1_790_000_000)
let alice = try SecretCertificate.generate(userIDs: ["Alice <alice@example.org>"], at: now)
let bob = try SecretCertificate.generate(userIDs: ["Bob <bob@example.org>"], at: now)
let message = Array("Meet me at noon.\n".utf8)
let later = now.adding(seconds: 60)
// snippet.show

// The best key of the certificate that may be encrypted to now; nil means that there is none.
guard let recipient = EncryptionRecipient(of: bob.certificate, at: later) else { fatalError("no key to encrypt to") }
let encryptor = try MessageEncryptor(
    recipients: [recipient], signers: [alice.signingKey(at: later)], time: later)
var armored: [UInt8] = []
try encryptor.push(message, into: &armored)
try encryptor.finish(into: &armored)

let decryptor = MessageDecryptor(keys: bob.decryptionKeys(), time: later) { _ in [alice.certificate] }
try decryptor.push(armored)
let opened = try decryptor.finish()
print(String(decoding: try opened.content.bytes(), as: UTF8.self))
print(opened.signatures.map(\.outcome))
