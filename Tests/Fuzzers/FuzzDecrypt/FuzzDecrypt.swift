import FuzzSupport
import Libcrypto
import OpenPGP

/// Keys for this process: seeds cannot be encrypted to them, but messages signed in clear and the walker need none.
private let secret: SecretCertificate? = try? SecretCertificate.generate(
    userIDs: ["Fuzz <fuzz@example.org>"], at: Timestamp(1_700_000_000))
private let now = Timestamp(1_790_000_000)

/// A message to our key, made once: what is fuzzed is how it is read.
private let message: [UInt8] = {
    guard let certificate = secret?.certificate, let key = certificate.encryptionKeys(at: now).first else { return [] }
    var options = EncryptionOptions()
    options.armor = false
    var output: [UInt8] = []
    let encryptor = try? MessageEncryptor(recipients: [.init(key: key)], options: options, time: now)
    try? encryptor?.push(Array("content".utf8), into: &output)
    try? encryptor?.finish(into: &output)
    return output
}()

/// What reading gave: the content, and the rest of it as text. nil where the message was refused.
private struct Reading: Equatable {
    let content: [UInt8]
    let judgement: String
}

private func read(_ message: [UInt8], piece: Int) -> Reading? {
    do {
        let decryptor = MessageDecryptor(keys: secret?.decryptionKeys() ?? [], time: now) { _ in
            secret.map { [$0.certificate] } ?? []
        }
        for start in stride(from: 0, to: message.count, by: piece) {
            try decryptor.push(Array(message[start..<min(start + piece, message.count)]))
        }
        let result = try decryptor.finish()
        return Reading(
            content: try result.content.bytes(),
            judgement: "\(result.signatures.map(\.outcome)) \(result.wasEncrypted)")
    } catch {
        return nil
    }
}

/// Reads any octets as a message, as an encrypted one, as signatures and as cleartext-signed text; if the first octet is 1,
/// which begins none of these, the others change an encrypted message.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDecrypt(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let data = Array(UnsafeBufferPointer(start: start, count: count))
    if data.first == 1 { return tamper(data.dropFirst()) }
    precondition(read(data, piece: 1 + count % 17) == read(data, piece: max(1, count)), "pieces matter")

    let certificates: ([IssuerHint]) -> [Certificate] = { _ in secret.map { [$0.certificate] } ?? [] }
    _ = try? CleartextSignature.verify(data, time: now, certificates: certificates)
    if let verifier = try? DetachedVerifier(hashes: [SaltedHash(.sha256), SaltedHash(.sha512), SaltedHash(.sha1)]) {
        verifier.push(data)
        _ = try? verifier.missingHashes(for: data)
        let results = try? verifier.finish(signatures: data, time: now, certificates: certificates)
        precondition(results?.contains { $0.outcome == .good } != true, "forged")
    }

    let verdict = walk(data, piece: 1 + count % 13)
    precondition(verdict == walk(data, piece: max(1, count)), "pieces matter")
    // What can be read to its end is too rare among changed messages to show that the set-up works.
    if let packet = packets(of: data)?.last { plant(packet.body) }
    return 0
}

private func walk(_ data: [UInt8], piece: Int) -> EncryptedMessageWalker.Verdict {
    let walker = EncryptedMessageWalker()
    for start in stride(from: 0, to: data.count, by: piece) {
        walker.push(Array(data[start..<min(start + piece, data.count)]))
    }
    return walker.finish()
}

/// The encrypted packet of a message with some of its octets changed is never read.
private func tamper(_ mask: ArraySlice<UInt8>) -> CInt {
    var message = message
    var isChanged = false
    for (index, byte) in mask.prefix(min(50, message.count)).enumerated() where byte != 0 {
        message[message.count - 1 - index] ^= byte
        isChanged = true
    }
    if isChanged { precondition(read(message, piece: 7) == nil, "a changed message was read") }
    return 0
}
