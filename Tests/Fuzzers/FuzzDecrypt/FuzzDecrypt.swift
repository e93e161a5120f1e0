import FuzzSupport
import Libcrypto
import OpenPGP

/// Keys for this process: seeds cannot be encrypted to them, but messages signed in clear and the walker need none.
nonisolated(unsafe) private let secret: SecretCertificate? = try? SecretCertificate.generate(
    userIDs: ["Fuzz <fuzz@example.org>"], at: Timestamp(1_700_000_000))
private let now = Timestamp(1_790_000_000)

/// A message to our key, made once: what is fuzzed is how it is read.
nonisolated(unsafe) private let message: [UInt8] = {
    guard let certificate = secret?.certificate, let key = certificate.encryptionKeys(at: now).first else { return [] }
    var options = EncryptionOptions()
    options.armor = false
    var output: [UInt8] = []
    let encryptor = try? MessageEncryptor(recipients: [.init(key: key)], options: options, time: now)
    try? encryptor?.push(Array("content".utf8), into: &output)
    try? encryptor?.finish(into: &output)
    return output
}()

private func read(_ message: [UInt8], piece: Int) -> String {
    do {
        let decryptor = MessageDecryptor(keys: secret?.decryptionKeys() ?? [], time: now) { _ in
            secret.map { [$0.certificate] } ?? []
        }
        for start in stride(from: 0, to: message.count, by: piece) {
            try decryptor.push(Array(message[start..<min(start + piece, message.count)]))
        }
        let result = try decryptor.finish()
        let content = try result.content.bytes()
        plant(content)
        return "\(content) \(result.signatures.map(\.outcome)) \(result.wasEncrypted)"
    } catch {
        return "refused"
    }
}

/// Reads any octets as a message, as signatures and as cleartext-signed text.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDecrypt(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let mode = bytes.first else { return 0 }
    let data = Array(bytes.dropFirst())
    switch mode & 3 {
    case 0:
        let piece = 1 + data.count % 17
        precondition(read(data, piece: piece) == read(data, piece: max(1, data.count)), "pieces matter")
    case 1:
        // The encrypted packet of a message with some of its octets changed is never read.
        var message = message
        var changed = false
        for (index, byte) in data.prefix(min(50, message.count)).enumerated() where byte != 0 {
            message[message.count - 1 - index] ^= byte
            changed = true
        }
        if changed { precondition(read(message, piece: 7) == "refused", "a changed message was read") }
    case 2:
        let walkers = [1 + data.count % 13, max(1, data.count)].map { piece in
            let walker = EncryptedMessageWalker()
            for start in stride(from: 0, to: data.count, by: piece) {
                walker.push(Array(data[start..<min(start + piece, data.count)]))
            }
            return walker.finish()
        }
        precondition(walkers[0] == walkers[1], "pieces matter")
    default:
        let certificates: ([IssuerHint]) -> [Certificate] = { _ in secret.map { [$0.certificate] } ?? [] }
        _ = try? CleartextSignature.verify(data, time: now, certificates: certificates)
        if let verifier = try? DetachedVerifier(hashes: [.sha256, .sha512, .sha1]) {
            verifier.push(data)
            _ = try? verifier.missingHashes(for: data)
            let results = try? verifier.finish(signatures: data, time: now, certificates: certificates)
            precondition(results?.contains { $0.outcome == .good } != true, "forged")
        }
    }
    return 0
}
