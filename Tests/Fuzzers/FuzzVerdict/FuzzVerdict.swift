import CMS
import Foundation
import FuzzSupport
import MIME
import OpenPGP
import ProtectedMail

/// Mutates the MIME tree of signed mails. A mail may pass only while what a reader sees is what was signed, octet for
/// octet, by the one in From: so a mutated covered octet never passes, and a mutated uncovered one never makes a
/// signature claim to cover it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzVerdict(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var steps = Steps(bytes: Array(UnsafeBufferPointer(start: start, count: count)))
    let mail = mails[steps.below(mails.count)]
    var bytes = mail.bytes
    for _ in 0..<steps.next() % 9 { steps.mutate(&bytes) }
    if ProcessInfo.processInfo.environment["FUZZ_PRINT"] != nil { FileHandle.standardError.write(Data(bytes)) }
    let verdict = inspect(message: bytes, source: keys, time: mail.time)
    let claims = verdict.signatures.contains { $0.coveredPart == .wholeMessage && holds($0) }
    defer { if verdict.status == .pass { plant(steps.rest) } }
    guard verdict.status == .pass || claims else { return 0 }
    guard let (header, body) = try? splitMessage(bytes) else { fatalError("passed without a structure") }
    if verdict.status == .pass {
        guard case .one(let sender) = AddressParser.soleFrom(of: header), mail.signers.contains(sender) else {
            fatalError("passed for somebody else")
        }
    }
    if let what = mail.unsigned(in: body, of: bytes) { fatalError("claims to cover \(what)") }
    return 0
}

/// Whether nothing but the sender, trust or time keeps the signature from passing.
private func holds(_ signature: SignatureVerdict) -> Bool {
    let harmless: Set<Reason.Code> = [.signerMismatch, .fromAmbiguous, .untrustedKey, .signatureTime, .otherIdentity]
    return signature.status == .pass
        || (signature.status == .policy && signature.reasons.allSatisfy { harmless.contains($0.code) })
}

private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("ProtectedMailTests/Attacks")

private func file(_ name: String) -> [UInt8] {
    guard let data = try? Data(contentsOf: folder.appendingPathComponent(name)) else { fatalError("no file \(name)") }
    return [UInt8](data)
}

private struct Keys: CertificateSource {
    let known: [KnownCertificate] = ["alice.asc", "mallory.asc"].flatMap { name in
        ((try? Certificate.parseAll(file(name)).certificates) ?? []).map {
            KnownCertificate(certificate: $0, provenance: .adminImport)
        }
    }
    let trust: SMIMETrust? = {
        guard let anchors = try? X509Certificate.parseAll(file("smime-ca.pem")), let store = try? TrustStore(anchors)
        else { fatalError("no trust store") }
        return SMIMETrust(store: store)
    }()

    func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] {
        known.filter { item in
            issuers.contains { hint in item.certificate.allKeys.contains { hint.matches($0.fingerprint) } }
        }
    }

    func smimeTrust() throws -> SMIMETrust? { trust }
}

private let keys = Keys()
private let mails = [
    "honest-signed", "honest-two-signatures", "honest-signed-in-layers", "honest-inline", "signed-part-in-related",
    "signed-part-forwarded", "signed-part-in-alternative", "text-before-inline", "honest-smime-ec",
    "honest-smime-opaque",
    "smime-opaque-in-mixed",
].map(SignedMail.init)

/// A mail and the octets in it that were signed.
private struct SignedMail {
    let bytes: [UInt8]
    /// Four minutes after the mail says that it was sent.
    let time: Timestamp
    /// Whose good signatures it has over everything: either may be the one in From.
    let signers: [EmailAddress]
    private let content: [UInt8]
    private let isInline: Bool
    private let isOpaque: Bool

    init(_ name: String) {
        bytes = file(name + ".eml")
        let hasTwo = ["honest-two-signatures", "honest-signed-in-layers"].contains(name)
        signers = ([EmailAddress("alice@example.org")] + (hasTwo ? [EmailAddress("mallory@example.net")] : []))
            .compactMap(\.self)
        isInline = name.contains("inline")
        isOpaque = name.contains("opaque")
        time = Timestamp(name.contains("smime") ? 1_795_567_849 + 240 : 1_793_534_700)
        let text = "Johnny, you are fired!\r\n"
        content = Array((isInline ? text : "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text).utf8)
    }

    /// What a reader may see of a body beside the signed octets; nil if there is nothing.
    func unsigned(in body: [UInt8], of mail: [UInt8]) -> String? {
        isOpaque ? unsignedOpaque(mail) : unsignedText(String(decoding: body, as: UTF8.self), mail)
    }

    /// Nothing but the structure that holds the content.
    private func unsignedOpaque(_ mail: [UInt8]) -> String? {
        guard let message = try? Message(parsing: mail), message.root.children.isEmpty,
            let structure = try? CMSContent.parse(message.decodedBody(of: message.root).bytes),
            let reader = try? SignedDataReader(structure), let inside = try? reader.content()
        else { return "something that is no signed structure" }
        return inside == content ? nil : "content that was not signed"
    }

    private func unsignedText(_ text: String, _ mail: [UInt8]) -> String? {
        let delimiters = String(decoding: mail, as: UTF8.self).matches(of: /boundary="?([^";\s]+)/).map { "--" + $0.1 }
        guard let range = text.range(of: String(decoding: content, as: UTF8.self), options: isInline ? [] : [.literal])
        else {
            // Blank space at the ends of lines is not signed in clear-signed text.
            return isInline && text.contains("Johnny, you are fired!") ? nil : "content that was not signed"
        }
        for line in text[..<range.lowerBound].split(whereSeparator: \.isNewline) where !isFrame(line) {
            return "text before the signed part"
        }
        // No reader shows a signature part; text in the armor of clear-signed text is dropped, too.
        var isSignature = isInline
        for line in text[range.upperBound...].split(whereSeparator: \.isNewline) {
            if isInline, line.hasPrefix("-----END PGP SIG") { isSignature = false }
            let end = line.trimmingCharacters(in: .whitespaces)
            if delimiters.contains(where: { end == $0 || end == $0 + "--" }) { isSignature = false }
            if line.contains("application/pgp-signature") || line.contains("pkcs7-signature") { isSignature = true }
            if !isSignature, !isFrame(line) { return "text after the signed part" }
        }
        return nil
    }

    /// Delimiters, fields of a part, armor and the notice for readers without MIME.
    private func isFrame(_ line: Substring) -> Bool {
        let text = line.trimmingCharacters(in: .whitespaces)
        if text.isEmpty || text.hasPrefix("--") || line.hasPrefix("\t") || line.hasPrefix(" ") { return true }
        if text.lowercased().hasPrefix("this is ") { return true }
        guard let colon = text.firstIndex(of: ":") else { return false }
        if isInline { return ["hash", "charset", "version"].contains(text[..<colon].lowercased()) }
        return text[..<colon].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }
}

/// The octets of the fuzzer as a list of changes.
private struct Steps {
    var bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }
    /// What no change has used.
    var rest: ArraySlice<UInt8> { bytes[min(position, bytes.count)...] }

    mutating func next() -> Int {
        guard position < bytes.count else { return 0 }
        defer { position += 1 }
        return Int(bytes[position])
    }

    mutating func below(_ count: Int) -> Int { count <= 1 ? 0 : (next() << 8 | next()) % count }

    mutating func mutate(_ mail: inout [UInt8]) {
        guard !mail.isEmpty else { return }
        switch next() % 9 {
        case 0: mail[below(mail.count)] = UInt8(next())
        case 1: mail.insert(UInt8(next()), at: below(mail.count))
        case 2: mail.insert(contentsOf: pick().utf8, at: lineStart(mail))
        case 3:
            let first = below(mail.count)
            mail.removeSubrange(first..<min(mail.count, first + 1 + next() % 40))
        case 4: removeLine(&mail)
        case 5: copyLine(&mail)
        case 6: wrap(&mail)
        case 7: mail.append(contentsOf: pick().utf8)
        default: swapParts(&mail)
        }
    }

    private static let snippets = [
        "--sig\r\n", "--sig--\r\n", "--outer\r\n", "--outer--\r\n", "--rel\r\n", "\r\n", "You are promoted!\r\n",
        "--sig x\r\n",
        "Content-Type: text/plain\r\n", "Content-Type: text/html\r\n\r\n<p>promoted\r\n",
        "Content-Type: multipart/signed; boundary=sig; protocol=\"application/pgp-signature\"\r\n",
        "Content-Type: multipart/mixed; boundary=sig\r\n", "Content-Type: message/rfc822\r\n\r\n",
        "Content-Transfer-Encoding: base64\r\n", "Content-Transfer-Encoding: quoted-printable\r\n",
        "MIME-Version: 1.0\r\n",
        "From: mallory@example.net\r\n", "From: alice@example.org\r\n", "Sender: mallory@example.net\r\n", " \r\n",
        "\t\r\n",
        "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\n", "-----BEGIN PGP SIGNATURE-----\r\n\r\n",
        "-----END PGP SIGNATURE-----\r\n", "This is a multi-part message in MIME format.\r\n", "; boundary=other", "\0",
        "\r",
        "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n",
        "Content-Type: application/pgp-signature\r\n\r\n",
        "Content-Type: application/pkcs7-signature\r\n\r\n", "--sm\r\n", "Content-Disposition: attachment\r\n",
    ]

    private mutating func pick() -> String { Self.snippets[next() % Self.snippets.count] }

    private mutating func lineStart(_ mail: [UInt8]) -> Int {
        let start = below(mail.count)
        return (mail[start...].firstIndex(of: 10) ?? mail.count - 1) + 1
    }

    private mutating func line(_ mail: [UInt8]) -> Range<Int> {
        let start = lineStart(mail)
        guard start < mail.count else { return mail.count..<mail.count }
        return start..<((mail[start...].firstIndex(of: 10) ?? mail.count - 1) + 1)
    }

    private mutating func removeLine(_ mail: inout [UInt8]) { mail.removeSubrange(line(mail)) }

    private mutating func copyLine(_ mail: inout [UInt8]) {
        let copied = Array(mail[line(mail)])
        mail.insert(contentsOf: copied, at: lineStart(mail))
    }

    /// Puts the content into another container.
    private mutating func wrap(_ mail: inout [UInt8]) {
        let text = String(decoding: mail, as: UTF8.self)
        guard let start = text.range(of: "Content-Type:") else { return }
        let inner = text[start.lowerBound...]
        let other = "--wrap\r\nContent-Type: text/plain\r\n\r\nYou are promoted!\r\n"
        let kind = ["mixed", "related", "alternative", "signed", "digest", "x-unknown"][next() % 6]
        let parts = next() % 2 == 0 ? other + "--wrap\r\n" + inner : "--wrap\r\n" + inner + "\r\n" + other
        mail = Array(
            (text[..<start.lowerBound]
                + "Content-Type: multipart/\(kind); boundary=wrap\r\n\r\n\(parts)\r\n--wrap--\r\n").utf8)
    }

    /// Exchanges the first two parts.
    private mutating func swapParts(_ mail: inout [UInt8]) {
        guard let message = try? Message(parsing: mail),
            let entity = message.root.flattened.first(where: { $0.contentType.isMultipart && $0.children.count > 1 })
        else { return }
        let (first, second) = (entity.children[0].range, entity.children[1].range)
        guard first.upperBound <= second.lowerBound, second.upperBound <= mail.count else { return }
        mail =
            Array(mail[..<first.lowerBound]) + mail[second] + mail[first.upperBound..<second.lowerBound] + mail[first]
            + mail[second.upperBound...]
    }
}
