import CMS
import Libcrypto
import TestSupport
import Testing

let signingTime: Int64 = 1_790_000_000

func signed(
    _ content: [UInt8], by signers: [CMSSigner], _ form: SignedDataWriter.Form, piece: Int = 1 << 20,
    options: SignedDataWriter.Options = .init(signingTime: signingTime)
) throws -> [UInt8] {
    let output = TestContent.Collector()
    let writer = try SignedDataWriter(signers: signers, form: form, options: options, sink: output.sink)
    try TestContent.push(content, piece: piece) { try writer.push($0) }
    try writer.finish()
    return output.bytes
}

func signer(
    _ name: String, pss: Bool = false, hash: HashAlgorithm? = nil,
    identifier: CertificateIdentifierForm = .issuerAndSerial
) throws -> CMSSigner {
    let identity = try TestIdentity.named(name)
    return try CMSSigner(
        certificate: identity.certificate, privateKey: identity.privateKey, prefersPSS: pss, hash: hash,
        identifier: identifier)
}

@Suite struct SignedDataTests {
    @Test(arguments: ["rsa", "rsa-pss", "p256", "p384", "p521"], [SignedDataWriter.Form.detached, .opaque])
    func readsItsOwn(_ name: String, _ form: SignedDataWriter.Form) throws {
        let message = try signed(TestContent.text, by: [signer(name)], form)
        let parsed = try CMSContent.parse(message)
        #expect(parsed.kind == .signed)
        let reader = try SignedDataReader(parsed)
        #expect(reader.isDetached == (form == .detached))
        #expect(reader.findings.isEmpty)
        let report =
            form == .detached ? try reader.verify(detached: TestContent.text) : try reader.verify()
        #expect(report.signers.map(\.outcome) == [.valid])
        #expect(report.signers.first?.signingTime == signingTime)
        #expect(report.signers.first?.capabilities == .own)
        #expect(try report.signers.first?.certificate == TestIdentity.named(name).certificate)
        #expect(try reader.content() == (form == .opaque ? TestContent.text : nil))
    }

    @Test func noticesAnyChangedOctet() throws {
        let message = try signed(TestContent.text, by: [signer("p256")], .opaque)
        for index in message.indices {
            var changed = message
            changed[index] ^= 0x04
            guard let reader = try? SignedDataReader(CMSContent.parse(changed)), let report = try? reader.verify()
            else {
                continue
            }
            // The list of digests at the front and the other certificates are not signed.
            if report.signers.map(\.outcome) == [.valid] {
                #expect(try reader.content() == TestContent.text)
            }
        }
        var other = TestContent.text
        other[5] ^= 1
        let detached = try SignedDataReader(
            CMSContent.parse(try signed(TestContent.text, by: [signer("p256")], .detached)))
        #expect(try detached.verify(detached: other).signers.map(\.outcome) == [.contentChanged])
    }

    @Test func piecesDoNotMatter() throws {
        for size in TestContent.sizes {
            let content = TestContent.bytes(size)
            for piece in [1 << 20, 32768, 1000] {
                let reader = try SignedDataReader(
                    CMSContent.parse(try signed(content, by: [signer("p256")], .opaque, piece: piece)))
                #expect(try reader.content() == content)
                #expect(try reader.verify().signers.map(\.outcome) == [.valid])
            }
        }
    }

    @Test func severalSignersAreJudgedAlone() throws {
        let signers = [try signer("rsa"), try signer("p384"), try signer("p256", identifier: .subjectKeyIdentifier)]
        let message = try signed(TestContent.text, by: signers, .detached)
        let reader = try SignedDataReader(CMSContent.parse(message))
        #expect(reader.hashes == [.sha256, .sha384])
        #expect(reader.certificates.count == 3)
        let digests = try ContentDigests(reader.hashes)
        TestContent.push(TestContent.text, piece: 7) { digests.push($0) }
        let report = try reader.verify(detached: digests)
        #expect(report.signers.map(\.outcome) == [.valid, .valid, .valid])
        #expect(Set(report.signers.compactMap { $0.certificate }) == Set(signers.map(\.certificate)))
    }

    @Test func tellsMissingFromWrong() throws {
        let message = try signed(TestContent.text, by: [signer("rsa")], .detached)
        let reader = try SignedDataReader(CMSContent.parse(message))
        #expect(try reader.verify().signers.map(\.outcome) == [.attributeProblem(.contentMissing)])
        #expect(try reader.verify().findings.contains(.noContent))
        let opaque = try SignedDataReader(CMSContent.parse(signed(TestContent.text, by: [signer("rsa")], .opaque)))
        let twice = try opaque.verify(detached: TestContent.text)
        #expect(twice.signers.map(\.outcome) == [.attributeProblem(.contentTwice)])
        #expect(twice.findings.contains(.contentTwice))
    }

    @Test func refusesWhatItCannotDo() throws {
        #expect(throws: CMSError(.unsupported, "")) { try signer("ed25519") }
        #expect(throws: CMSError(.invalidArgument, "")) { try signer("rsa", hash: .sha1) }
        let (rsa, other) = (try TestIdentity.named("rsa"), try TestIdentity.named("rsa-other"))
        #expect(throws: CMSError(.keyMismatch, "")) {
            try CMSSigner(certificate: rsa.certificate, privateKey: other.privateKey)
        }
        #expect(throws: CMSError(.unexpectedData, "")) {
            try EnvelopedDataReader(CMSContent.parse(signed([], by: [signer("rsa")], .detached)))
        }
        let weak = try SignedDataReader(CMSContent.parse(signed([1], by: [signer("rsa-small")], .opaque)))
        #expect(try weak.verify().signers.map(\.outcome) == [.weakAlgorithm("RSA-1024")])
    }
}
