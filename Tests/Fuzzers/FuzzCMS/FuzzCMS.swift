import CMS
import FuzzSupport
import Libcrypto

/// The key and self-signed certificate of the fuzzer, P-256, in PEM; it protects nothing.
private let keyText = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJLXpZYxVaIM2RWVl
    L1aIzoiH8HQmX69ol6EUA+QQVA2hRANCAASYQB6YW7LoqhPqYXRHI3jZIGx2HEQg
    ocFIX9E6ABToJwh71FizXKtmFV2furvtQeSOCICcE5Vh9ZlOWTT2G0li
    -----END PRIVATE KEY-----
    """
private let certificateText = """
    -----BEGIN CERTIFICATE-----
    MIIBdDCCARugAwIBAgIUTqR0feIFwYwekdwRW4n8BEGdijswCgYIKoZIzj0EAwIw
    DzENMAsGA1UEAwwEZnV6ejAgFw0yNjExMjUwMDM2NTdaGA8yMTI2MTEwMTAwMzY1
    N1owDzENMAsGA1UEAwwEZnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJhA
    HphbsuiqE+phdEcjeNkgbHYcRCChwUhf0ToAFOgnCHvUWLNcq2YVXZ+6u+1B5I4I
    gJwTlWH1mU5ZNPYbSWKjUzBRMB0GA1UdDgQWBBTYVwEWnukCl3yZ5YfuSfoulWPV
    +DAfBgNVHSMEGDAWgBTYVwEWnukCl3yZ5YfuSfoulWPV+DAPBgNVHRMBAf8EBTAD
    AQH/MAoGCCqGSM49BAMCA0cAMEQCIBNNAG0lVUG2fBI+l20GBHrtkLkfV8vam91Q
    k0CdVyP8AiBD8fMg0akpC2DvJln6dHIi1iOenzeQC6T/VCJSpXsOug==
    -----END CERTIFICATE-----
    """

private struct Identity {
    let certificate: X509Certificate
    let privateKey: CMSPrivateKey
}

private let identity: Identity = {
    guard let certificate = try? X509Certificate(pem: Array(certificateText.utf8)),
        let key = try? CMSPrivateKey(SecretBytes(copying: Array(keyText.utf8)))
    else { preconditionFailure("the key of the fuzzer cannot be read") }
    return Identity(certificate: certificate, privateKey: key)
}()
private let content = Array("Content-Type: text/plain\r\n\r\nHello.\r\n".utf8)

/// Honest messages that are changed below; made once, because every one has its own key.
private let honest: [[UInt8]] = {
    let signer = try? CMSSigner(certificate: identity.certificate, privateKey: identity.privateKey)
    func collect(_ body: (@escaping CMSSink) throws -> Void) -> [UInt8] {
        var output: [UInt8] = []
        let sink: CMSSink = { piece in piece.withUnsafeBufferPointer { output.append(contentsOf: $0) } }
        do { try body(sink) } catch { preconditionFailure("the fuzzer cannot write: \(error)") }
        return output
    }
    func sign(_ form: SignedDataWriter.Form) -> [UInt8] {
        collect { sink in
            let writer = try SignedDataWriter(
                signers: signer.map { [$0] } ?? [], form: form, options: .init(signingTime: 1_790_000_000), sink: sink)
            try writer.push(content)
            try writer.finish()
        }
    }
    func encrypt(_ cipher: ContentCipher) -> [UInt8] {
        collect { sink in
            let writer = try EnvelopedDataWriter(
                recipients: [CMSRecipient(identity.certificate)], cipher: cipher, sink: sink)
            try writer.push(content)
            try writer.finish()
        }
    }
    return [sign(.detached), sign(.opaque), encrypt(.aes256GCM), encrypt(.aes256CBC)]
}()

/// Reads any octets as a message, whatever it says it is, and tells what came out.
private func read(_ bytes: [UInt8]) {
    _ = RecipientNames.read(bytes)
    var policy = CMSPolicy.legacy
    policy.maximumExpandedSize = 1 << 20
    guard let message = try? CMSContent.parse(bytes, policy: policy) else { return }
    switch message.kind {
    case .signed, .certificatesOnly:
        guard let reader = try? SignedDataReader(message) else { return }
        let report =
            reader.isDetached
            ? try? reader.verify(detached: content, certificates: [identity.certificate])
            : try? reader.verify(certificates: [identity.certificate])
        for signer in report?.signers ?? [] where signer.outcome == .valid {
            // Whatever was changed, our key signed this one text only.
            guard signer.certificate == identity.certificate else { continue }
            precondition(reader.isDetached || (try? reader.content()) == content, "forged")
        }
        if let inside = try? reader.content() { plant(inside) }
    case .enveloped, .authEnveloped:
        guard let reader = try? EnvelopedDataReader(message) else { return }
        let key = CMSDecryptionKey(certificate: identity.certificate, privateKey: identity.privateKey)
        let decrypted = try? reader.decrypt(with: [key])
        precondition(
            decrypted == nil || decrypted?.protection != .authenticated || decrypted?.content == content, "forged")
    case .compressed:
        var total = 0
        try? CompressedDataReader(message).expand { total += $0.count }
        precondition(total <= 1 << 20, "the bound on expansion does not hold")
    default: if let data = try? message.data() { plant(data) }
    }
}

/// The first octet chooses between octets as they are and an honest message with some octets changed, added or left out.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCMS(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let mode = bytes.first else { return 0 }
    // 30 is the first octet of every message, so that seeds are read as they are.
    guard mode & 0xf0 == 0x40 else {
        read(bytes)
        return 0
    }
    var message = honest[Int(mode) % honest.count]
    var rest = bytes.dropFirst()
    while rest.count >= 4 {
        let edit = Array(rest.prefix(4))
        rest = rest.dropFirst(4)
        let position = (Int(edit[0]) << 8 | Int(edit[1])) % max(message.count, 1)
        switch edit[2] % 4 {
        case 0 where !message.isEmpty: message[position] ^= edit[3]
        case 1: message.insert(edit[3], at: position)
        case 2 where !message.isEmpty: message.remove(at: position)
        default: message.removeLast(min(message.count, Int(edit[3])))
        }
    }
    read(message)
    return 0
}
