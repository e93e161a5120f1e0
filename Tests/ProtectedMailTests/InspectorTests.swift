import Foundation
import MIME
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@Suite struct InspectorTests {
    let mails: SignedMail
    let source: MemorySource
    let now = Timestamp(Int64(Date().timeIntervalSince1970))

    init() throws {
        mails = try SignedMail.shared.get()
        source = try MemorySource([
            mails.gpg.publicKey(mails.alice), mails.gpg.publicKey(mails.mallory), mails.gpg.secretKey(mails.alice),
        ])
    }

    /// The verdict, and that it is the same in pieces of any size.
    private func verdict(
        _ mail: [UInt8], _ source: MemorySource? = nil, options: InspectOptions = .init(), at time: Timestamp? = nil
    ) throws -> Verdict {
        let source = source ?? self.source
        let whole = inspect(message: mail, source: source, options: options, time: time ?? now)
        let (header, body) = try splitMessage(mail)
        for piece in [1, 7, 61] {
            let inspector = try Inspector(header: header, source: source, options: options, time: time ?? now)
            for start in stride(from: 0, to: body.count, by: piece) {
                try inspector.push(body[start..<min(body.count, start + piece)].span)
            }
            #expect(inspector.finish() == whole, "pieces of \(piece)")
        }
        return whole
    }

    private func codes(_ verdict: Verdict) -> [Reason.Code] { verdict.reasons.map(\.code) }

    private func only(_ provenance: Provenance) throws -> MemorySource {
        try MemorySource([mails.gpg.publicKey(mails.alice)], provenance: provenance)
    }

    // MARK: pass

    @Test func signedMailPasses() throws {
        let result = try verdict(mails.signed())
        #expect(result.status == .pass)
        #expect(result.reasons.isEmpty && result.protocol == .openpgp && !result.encrypted)
        let signature = try #require(result.signatures.first)
        #expect(signature.coveredPart == .wholeMessage && signature.userID == "Alice <alice@example.org>")
        #expect(try signature.fingerprint?.hex == mails.gpg.fingerprint(mails.alice))
        #expect(signature.provenance == .adminImport && signature.reason == nil && signature.created != nil)
    }

    @Test func variantsThatPass() throws {
        #expect(try verdict(mails.signed(text: true)).status == .pass)
        #expect(
            try verdict(mails.signed(preamble: "This is an OpenPGP/MIME signed message (RFC 4880 and 3156)")).status
                == .pass)
        for micalg in ["pgp-sha256", "pgp-md5", "PGP-SHA1,pgp-sha384", "nonsense", ""] {
            #expect(try verdict(mails.signed(micalg: micalg)).status == .pass, "micalg \(micalg)")
        }
        let lf = try mails.signed().filter { $0 != 13 }
        #expect(try verdict(lf).status == .pass)
        #expect(try verdict(Array("From alice Tue Nov 24 10:00:00 2026\n".utf8) + lf).status == .pass)
    }

    @Test(arguments: Provenance.allCases) func trustDecides(provenance: Provenance) throws {
        let result = try verdict(mails.signed(), only(provenance))
        #expect(result.status == (provenance.bindsAddress ? .pass : .policy))
        #expect(codes(result) == (provenance.bindsAddress ? [] : [.untrustedKey]))
    }

    // MARK: never pass

    @Test func changedContent() throws {
        let sent = SignedMail.entity.replacingOccurrences(of: "noon", with: "nine")
        let result = try verdict(mails.signed(sent: sent))
        #expect(result.status == .fail && codes(result) == [.badSignature])
        let header = SignedMail.entity.replacingOccurrences(of: "utf-8", with: "utf-7")
        #expect(try verdict(mails.signed(sent: header)).status == .fail)
    }

    @Test func signerIsNotTheSender() throws {
        let result = try verdict(mails.signed(by: mails.mallory))
        #expect(result.status == .policy && codes(result) == [.signerMismatch])
        let forged = try verdict(mails.signed(from: "Alice@example.org"))
        #expect(codes(forged) == [.signerMismatch])
    }

    @Test func unknownSigner() throws {
        let result = try verdict(mails.signed(), MemorySource())
        #expect(result.status == .neutral && codes(result) == [.unknownKey])
        #expect(result.signatures.first?.keyID != nil)
    }

    @Test func fromFieldsThatNameNobodySure() throws {
        for fields in [["From: mallory@example.org"], ["from: <alice@example.org>"]] {
            let result = try verdict(mails.signed(extraFields: fields))
            #expect(result.status == .policy && codes(result) == [.fromAmbiguous])
        }
        let two = try verdict(mails.signed(from: "alice@example.org>, <mallory@example.org"))
        #expect(two.status == .policy && codes(two) == [.fromAmbiguous])
    }

    @Test func partialCoverage() throws {
        let signature = String(
            decoding: try mails.gpg.signDetached(Array(SignedMail.entity.utf8), as: mails.alice), as: UTF8.self)
        let part = SignedMail.signedPart(entity: SignedMail.entity, signature: signature)
        let plain = "Content-Type: text/plain\r\n\r\nYou are fired.\r\n"
        let forwarded = "Content-Type: message/rfc822\r\n\r\n" + String(decoding: try mails.signed(), as: UTF8.self)
        func mixed(_ parts: [String]) -> [UInt8] {
            let body = parts.map { "--mix\r\n\($0)\r\n" }.joined()
            return SignedMail.mail(
                from: mails.alice, entity: "Content-Type: multipart/mixed; boundary=mix\r\n\r\n\(body)--mix--\r\n")
        }
        let cases: [(String, [UInt8], String)] = try [
            ("text first", mixed([plain, part]), "2.1"), ("text after", mixed([part, plain]), "1.1"),
            ("alone inside", mixed([part]), "1.1"), ("forwarded", mixed([plain, forwarded]), "2.1"),
            ("two signed parts", mixed([part, part]), "1.1"),
            ("message alone", SignedMail.mail(from: mails.alice, entity: forwarded), "1.1"),
            ("preamble", mails.signed(preamble: "You are fired."), "1"),
            ("epilogue", mails.signed(epilogue: "You are fired.\r\n"), "1"),
            ("third part", mails.signed(extraPart: "--sig\r\n\(plain)"), "1"),
            ("encoded multipart", mails.signed(extraFields: ["Content-Transfer-Encoding: base64"]), "1"),
            ("second Content-Type", mails.signed(extraFields: ["Content-Type: text/plain"]), "1"),
        ]
        for (name, mail, part) in cases {
            let result = try verdict(mail)
            if name == "second Content-Type" {
                #expect(result.status != .pass, "\(name)")
                continue
            }
            #expect(result.status == .policy, "\(name): \(result.reasons)")
            #expect(codes(result).contains(.partialCoverage), "\(name): \(result.reasons)")
            #expect(result.signatures.first?.coveredPart == .part(part), "\(name)")
        }
    }

    @Test func brokenStructure() throws {
        let text = String(decoding: try mails.signed(), as: UTF8.self)
        let noSignature = text.replacingOccurrences(of: "application/pgp-signature;", with: "application/octet-stream;")
        #expect(try verdict(Array(noSignature.utf8)).status == .permerror)
        let empty = SignedMail.multipartSigned(from: mails.alice, entity: SignedMail.entity, signature: "nothing")
        #expect(try verdict(empty).status == .permerror)
        let garbage = "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----"
        let bad = try verdict(
            SignedMail.multipartSigned(from: mails.alice, entity: SignedMail.entity, signature: garbage))
        #expect(bad.status == .permerror && codes(bad) == [.malformed])
        let noBoundary = text.replacingOccurrences(of: "boundary=\"sig\"", with: "x=y")
        #expect(try verdict(Array(noBoundary.utf8)).status == .permerror)
    }

    @Test func unsignedMail() throws {
        for type in ["text/plain", "text/html", "application/pdf", "image/png"] {
            let mail = SignedMail.mail(from: mails.alice, entity: "Content-Type: \(type)\r\n\r\nHello\r\n")
            #expect(try verdict(mail) == .none)
        }
        let (header, _) = try splitMessage(
            SignedMail.mail(from: mails.alice, entity: "Content-Type: image/png\r\n\r\n"))
        #expect(try !Inspector(header: header, source: source, time: now).wantsBody)
        #expect(try verdict([]) == .none)
    }

    @Test func tooLarge() throws {
        let long = "Content-Type: text/plain\r\n\r\n" + String(repeating: "0123456789\r\n", count: 1000)
        let options = InspectOptions(maxInspectSize: 2000)
        let result = try verdict(mails.signed(entity: long), options: options)
        #expect(result.status == .temperror && codes(result) == [.tooLarge])
        let plain = SignedMail.mail(from: mails.alice, entity: long)
        #expect(try verdict(plain, options: options) == .none)
        let inline = mails.inline(long + (try mails.clearSigned("hello\n")))
        #expect(codes(try verdict(inline, options: options)) == [.tooLarge])
    }

    @Test func brokenKeySource() throws {
        var broken = MemorySource()
        broken.isBroken = true
        let result = try verdict(mails.signed(), broken)
        #expect(result.status == .temperror && codes(result).first == .keySourceFailed)
        #expect(try verdict(SignedMail.mail(from: mails.alice, entity: "\r\nHello\r\n"), broken) == .none)
    }

    @Test func signatureFromTheFuture() throws {
        let result = try verdict(mails.signed(), at: Timestamp(now.seconds - 86_400))
        #expect(result.status == .policy && codes(result) == [.signatureTime])
    }

    // MARK: inline

    @Test func inlineSignature() throws {
        let text = try mails.clearSigned("Meet me at noon.\n- dash\nFrom here\n")
        #expect(try verdict(mails.inline(text)).status == .pass)
        #expect(try verdict(mails.inline("\r\n" + text + "\r\n \r\n")).status == .pass)
        let base64 = Data(text.utf8).base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn])
            .replacingOccurrences(of: "\r", with: "\r\n")
        #expect(
            try verdict(mails.inline(base64 + "\r\n", fields: ["Content-Transfer-Encoding: base64"])).status == .pass)
        let changed = text.replacingOccurrences(of: "noon", with: "nine")
        #expect(try verdict(mails.inline(changed)).status == .fail)
        for around in [("You are fired.\r\n", ""), ("", "You are fired.\r\n"), (text, "")] {
            let result = try verdict(mails.inline(around.0 + text + around.1))
            #expect(result.status == .policy && codes(result).contains(.partialCoverage))
        }
        for type in ["text/html", "text/plain; charset=utf-7", "text/plain; charset=utf-16"] {
            let result = try verdict(mails.inline(text, type: type))
            #expect(result.status == .policy && codes(result).contains(.partialCoverage), "\(type)")
        }
        let switched = text.replacingOccurrences(of: "\r\nHash:", with: "\r\nCharset: utf-7\r\nHash:")
        #expect(try verdict(mails.inline(switched)).status == .policy)
        let odd = try verdict(mails.inline(text, fields: ["Content-Transfer-Encoding: x-rot13"]))
        #expect(odd.status == .policy && codes(odd).contains(.partialCoverage))
        #expect(try verdict(mails.inline(mails.clearSigned("x\n", by: mails.mallory))).status == .policy)
    }

    // MARK: encrypted

    @Test func encryptedWithoutAKey() throws {
        let result = try verdict(mails.encrypted(signer: mails.alice), only(.own))
        #expect(result.status == .neutral && codes(result) == [.encryptedNoKey] && result.encrypted)
    }

    @Test func encryptedAndSigned() throws {
        #expect(try verdict(mails.encrypted(signer: mails.alice)).status == .pass)
        let other = try verdict(mails.encrypted(signer: mails.mallory))
        #expect(other.status == .policy && codes(other) == [.signerMismatch] && other.encrypted)
        let unsigned = try verdict(mails.encrypted())
        #expect(unsigned.status == .none && unsigned.encrypted && unsigned.protocol == .openpgp)
        let hidden = try verdict(mails.encrypted(signer: mails.alice, arguments: ["--throw-keyids"]))
        #expect(hidden.status == .pass)
    }

    @Test func signedInsideEncrypted() throws {
        let signature = String(
            decoding: try mails.gpg.signDetached(Array(SignedMail.entity.utf8), as: mails.alice), as: UTF8.self)
        let entity = SignedMail.signedPart(entity: SignedMail.entity, signature: signature)
        let result = try verdict(mails.encrypted(entity: entity))
        #expect(result.status == .pass && result.encrypted)
        let mixed = "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\(entity)\r\n--m--\r\n"
        #expect(try verdict(mails.encrypted(entity: mixed)).status == .policy)
    }

    @Test func modifiedCiphertext() throws {
        let text = String(decoding: try mails.encrypted(signer: mails.alice), as: UTF8.self)
        var lines = text.components(separatedBy: "\r\n")
        let middle = try #require(lines.firstIndex { $0.hasPrefix("-----BEGIN PGP MESSAGE") }) + 4
        lines[middle] = String(lines[middle].reversed())
        let result = try verdict(Array(lines.joined(separator: "\r\n").utf8))
        #expect(result.status == .fail || result.status == .permerror)
        let noMDC = try mails.encrypted(arguments: ["--rfc2440", "--disable-mdc", "--cipher-algo", "AES"])
        let old = try verdict(noMDC)
        #expect(old.status != .pass && old.status != .none)
    }

    @Test func innerFrom() throws {
        let other = "From: bob@example.org\r\nContent-Type: text/plain; protected-headers=\"v1\"\r\n\r\nHello\r\n"
        let result = try verdict(mails.signed(entity: other))
        #expect(result.status == .policy && codes(result) == [.innerFromMismatch])
        let same = other.replacingOccurrences(of: "bob@", with: "alice@")
        #expect(try verdict(mails.signed(entity: same)).status == .pass)
        #expect(try verdict(mails.encrypted(entity: other, signer: mails.alice)).status == .policy)
    }
}
