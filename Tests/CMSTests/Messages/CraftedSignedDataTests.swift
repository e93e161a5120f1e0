import Libcrypto
import TestSupport
import Testing

@testable import CMS

/// SignedData that no honest writer makes.
@Suite struct CraftedSignedDataTests {
    /// What may be wrong; everything else is right, above all the signature.
    struct Recipe {
        var content = TestContent.text
        var type = ObjectID.data
        var encapsulated: [UInt8]?
        var attributes: [[UInt8]]? = []
        var listed: [HashAlgorithm] = [.sha256]
        var digestAlgorithm = DER.algorithm(HashAlgorithm.sha256.objectID!)
        var signatureAlgorithm = DER.algorithm(ObjectID(1, 2, 840, 10045, 4, 3, 2))
        var copies = 1
        var certificates: [[UInt8]] = []

        func build() throws -> [UInt8] {
            let identity = try TestIdentity.named("p256")
            let signed = attributes.map { DER.set($0) } ?? content
            let signature = try identity.privateKey.withHandle {
                try SignatureScheme.ecdsa.sign(Digest.hash(.sha256, signed), hash: .sha256, key: $0)
            }
            let info = DER.sequence(
                DER.integer(1), identity.certificate.identity.issuerAndSerial, digestAlgorithm,
                attributes.map { DER.set($0, tag: 0xa0) } ?? [], signatureAlgorithm, DER.octetString(signature))
            let inner = encapsulated.map { DER.element(0xa0, DER.octetString($0)) } ?? []
            let data = DER.sequence(
                DER.integer(1), DER.set(try listed.map { try AlgorithmIdentifier.hash($0) }),
                DER.sequence(DER.objectID(type), inner),
                DER.element(0xa0, [identity.certificate.der] + certificates),
                DER.element(0x31, Array(repeating: info, count: copies)))
            return DER.sequence(DER.objectID(.signedData), DER.element(0xa0, data))
        }

        func check() throws -> SignedDataReport {
            let reader = try SignedDataReader(CMSContent.parse(build()))
            return try encapsulated == nil ? reader.verify(detached: content) : reader.verify()
        }
    }

    static func attribute(_ id: ObjectID, _ values: [UInt8]...) -> [UInt8] {
        DER.sequence(DER.objectID(id), DER.element(0x31, values))
    }
    static let type = attribute(.contentType, DER.objectID(.data))
    static func digest(_ content: [UInt8] = TestContent.text) throws -> [UInt8] {
        attribute(.messageDigest, DER.octetString(try Digest.hash(.sha256, content)))
    }
    static let time = attribute(.signingTime, DER.time(0))

    func outcome(_ change: (inout Recipe) throws -> Void) throws -> SignerOutcome? {
        var recipe = Recipe()
        recipe.attributes = [Self.type, try Self.digest()]
        try change(&recipe)
        let outcomes = try recipe.check().signers.map(\.outcome)
        #expect(outcomes.count == recipe.copies)
        return outcomes.first
    }

    @Test func theRecipeIsRight() throws {
        #expect(try outcome { _ in } == .valid)
        #expect(try outcome { $0.attributes = nil } == .valid)
        #expect(try outcome { $0.encapsulated = $0.content } == .valid)
    }

    @Test func attributesMustBeThereOnce() throws {
        #expect(try outcome { $0.attributes = [Self.type] } == .attributeProblem(.messageDigestMissing))
        #expect(try outcome { $0.attributes = [try Self.digest()] } == .attributeProblem(.contentTypeMissing))
        #expect(try outcome { $0.attributes = [] } == .attributeProblem(.messageDigestMissing))
        #expect(try outcome { $0.attributes?.append(Self.type) } == .attributeProblem(.duplicate))
        #expect(try outcome { $0.attributes?.append(try Self.digest([])) } == .attributeProblem(.duplicate))
        let two = Self.attribute(.signingTime, DER.time(0), DER.time(1))
        #expect(try outcome { $0.attributes?.append(two) } == .attributeProblem(.duplicate))
        #expect(try outcome { $0.attributes?.append(Self.attribute(.signingTime)) } == .attributeProblem(.duplicate))
        #expect(try outcome { $0.attributes?.append(Self.time) } == .valid)
        let other = Self.attribute(.contentType, DER.objectID(.envelopedData))
        #expect(try outcome { $0.attributes?[0] = other } == .attributeProblem(.contentTypeMismatch))
    }

    @Test func otherContentNeedsAttributes() throws {
        let nested = Self.attribute(.contentType, DER.objectID(.signedData))
        var recipe = Recipe()
        recipe.type = .signedData
        recipe.encapsulated = recipe.content
        recipe.attributes = nil
        #expect(try recipe.check().signers.map(\.outcome) == [.attributeProblem(.missing)])
        recipe.attributes = [nested, try Self.digest()]
        #expect(try recipe.check().signers.map(\.outcome) == [.valid])
        #expect(try recipe.check().findings == [.nested(.signed)])
    }

    @Test func attributesAreNotContent() throws {
        // The signature of an honest message, with its attributes as the content.
        let attributes = DER.set([Self.type, try Self.digest()])
        #expect(
            try outcome {
                $0.content = attributes
                $0.encapsulated = attributes
                $0.attributes = nil
            } == .attributeProblem(.contentLooksLikeAttributes))
    }

    @Test func algorithmsMustAgree() throws {
        let sha512 = DER.algorithm(ObjectID(1, 2, 840, 10045, 4, 3, 4))
        #expect(try outcome { $0.signatureAlgorithm = sha512 } == .attributeProblem(.algorithmMismatch))
        let rsa = DER.algorithm(.rsaEncryption, DER.null)
        #expect(try outcome { $0.signatureAlgorithm = rsa } == .attributeProblem(.algorithmMismatch))
        #expect(try outcome { $0.signatureAlgorithm = DER.algorithm(.ed25519) } == .unsupported(""))
        let unknown = ObjectID(1, 2, 3, 4)
        var recipe = Recipe()
        recipe.digestAlgorithm = DER.algorithm(unknown)
        let report = try recipe.check()
        #expect(report.findings == [.unknownDigest("1.2.3.4"), .undeclaredDigest])
        #expect(report.signers.first?.outcome == .unsupported("digest 1.2.3.4"))
    }

    @Test func odditiesAreFound() throws {
        var recipe = Recipe()
        recipe.attributes = nil
        recipe.listed = [.sha512]
        #expect(try recipe.check().findings == [.undeclaredDigest])
        recipe.listed = [.sha256]
        recipe.copies = 2
        #expect(try recipe.check().findings == [.repeatedSigner])
        recipe.copies = 0
        #expect(try recipe.check().findings == [.noSigners, .certificatesOnly])
        recipe.copies = 1
        recipe.certificates = [DER.sequence(DER.null), DER.element(0xa1, DER.null)]
        #expect(try recipe.check().findings == [.unreadableCertificate])
        recipe.certificates = []
        let trailing = try recipe.build() + [10]
        #expect(try CMSContent.parse(trailing).findings == [.trailingData])
    }

    @Test func theSignedCertificateIsTheOne() throws {
        func binding(_ name: String) throws -> [UInt8] {
            let hash = try Digest.hash(.sha256, try TestIdentity.named(name).certificate.der)
            return Self.attribute(
                .signingCertificateV2, DER.sequence(DER.sequence(DER.sequence(DER.octetString(hash)))))
        }
        #expect(try outcome { $0.attributes?.append(try binding("p256")) } == .valid)
        #expect(
            try outcome { $0.attributes?.append(try binding("rsa")) } == .attributeProblem(.otherCertificate))
    }

    @Test func countsAreBounded() throws {
        var recipe = Recipe()
        recipe.attributes = nil
        recipe.copies = 33
        #expect(throws: CMSError(.limitExceeded, "")) { try recipe.check() }
        recipe.copies = 1
        recipe.certificates = Array(repeating: DER.null, count: 128)
        #expect(throws: CMSError(.limitExceeded, "")) { try recipe.check() }
    }
}

extension SignerOutcome {
    /// For comparison by class.
    fileprivate static func == (a: SignerOutcome?, b: SignerOutcome) -> Bool {
        if case .unsupported? = a, case .unsupported("") = b { return true }
        return a.map { Set([$0]) } == [b]
    }
}
