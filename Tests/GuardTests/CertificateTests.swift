import CMS
import KeyStore
import Libcrypto
import MIME
import MailFlow
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@testable import Guard

@Suite struct CertificateTests {
    static let authority = Result { try OpenSSLAuthority() }
    private let openssl: OpenSSLAuthority
    private let password = TestGuard.secret("the new password")

    init() throws { openssl = try Self.authority.get() }

    private func make(trusted: Bool = true, _ change: (inout GuardSettings) -> Void = { _ in }) throws -> TestGuard {
        var ports = GuardPorts()
        if trusted {
            ports.smimeTrust = SMIMETrust(
                store: try TrustStore(path: openssl.certificateFile), policy: ChainPolicy(revocation: .off))
        }
        return try TestGuard(ports: ports, change)
    }

    private func bundle(_ identity: OpenSSLAuthority.Identity, _ options: [String] = []) throws -> [UInt8] {
        let file = identity.certificateFile + "-\(options.count).p12"
        try Shell.check(
            "openssl",
            [
                "pkcs12", "-export", "-in", identity.certificateFile, "-inkey", identity.keyFile, "-certfile",
                openssl.certificateFile, "-passout", "pass:bundle", "-out", file,
            ] + options)
        return [UInt8](try Shell.check("cat", [file]))
    }

    private func upload(_ guardd: TestGuard, _ caller: Caller, _ address: String = "alice@example.org") throws
        -> CertificateInfo
    {
        let file = try bundle(openssl.issue(address, .p256))
        return try #require(
            try guardd.service.uploadCertificate(
                caller, file: file, password: TestGuard.secret("bundle"), newPassword: password
            ).first)
    }

    @Test(arguments: [[], ["-legacy"], ["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"]])
    func bundlesOfOldAndNewAlgorithms(options: [String]) throws {
        let guardd = try make()
        let caller = try guardd.session()
        #expect(try !guardd.service.hasCertificates(caller))
        let identity = try openssl.issue("alice@example.org", .rsa)
        let uploaded = try guardd.service.uploadCertificate(
            caller, file: bundle(identity, options), password: TestGuard.secret("bundle"), newPassword: password)
        let certificate = try X509Certificate(pem: identity.certificate)
        #expect(uploaded.map(\.email) == ["alice@example.org"])
        #expect(uploaded.first?.expires == certificate.notAfter)
        #expect(uploaded.first?.current == true && uploaded.first?.expired == false)
        #expect(uploaded.first?.certifier == "CN=Test Authority")
        #expect(uploaded.first?.serial.hasSuffix(":" + certificate.serial) == true)
        #expect(try guardd.service.certificates(of: caller) == uploaded)
        #expect(try guardd.service.hasCertificates(caller))
        // The chain came along, and the key opens with the new password alone.
        let stored = try #require(try guardd.store.currentSMIMEKey(of: caller.account.id))
        #expect(stored.issuers.count == 1)
        let key = try guardd.service.lockedKey(stored)
        let secrets = try guardd.service.verifyPassword(caller.account, .smime, password)
        #expect(try key.opened(with: secrets).matches(certificate))
        #expect(throws: GuardError(.badPassword, "")) {
            try guardd.service.verifyPassword(caller.account, .smime, TestGuard.secret("bundle"))
        }
        // Mail to the account is encrypted to it.
        #expect(
            try guardd.store.ownSMIMECertificates(for: TestGuard.address("Alice@example.org")).map(\.certificate)
                == [certificate])
        #expect(try guardd.store.ownSMIMECertificates(for: TestGuard.bob).isEmpty)
    }

    @Test func theKeyOpensMailWhileATokenIsAttached() throws {
        let guardd = try make()
        let caller = try guardd.session()
        _ = try upload(guardd, caller)
        let keys = StoreKeys(guardd.store, policy: .standard, trust: nil)
        func opening() throws -> [X509Certificate] {
            try keys.smimeOpeningKeys(of: TestGuard.alice, at: Timestamp(guardd.now)).map(\.certificate)
        }
        #expect(try opening().isEmpty)
        _ = try guardd.service.authenticate(caller, .smime, password: password, minutes: 10)
        #expect(try opening().count == 1)
        #expect(try keys.smimeOpeningKeys(of: TestGuard.bob, at: Timestamp(guardd.now)).isEmpty)
        try guardd.service.logout(caller)
        #expect(try opening().isEmpty)
    }

    @Test func whatIsRefused() throws {
        let guardd = try make()
        let caller = try guardd.session()
        func refused(
            _ code: GuardErrorCode, _ file: [UInt8], _ opening: String = "bundle", _ new: SecretBytes? = nil,
            by service: Guard? = nil
        ) {
            #expect(throws: GuardError(code, "")) {
                try (service ?? guardd.service).uploadCertificate(
                    caller, file: file, password: TestGuard.secret(opening), newPassword: new ?? password)
            }
        }
        let good = try bundle(openssl.issue("alice@example.org", .p256))
        refused(.badPassword, good, "wrong")
        refused(.passwordPolicy, good, "bundle", TestGuard.secret("short"))
        refused(.certificateUnreadable, [1, 2, 3])
        refused(.certificateUnreadable, [])
        refused(.keyTooLarge, [UInt8](repeating: 0x30, count: 5 << 20))
        refused(.noMatchingUserID, try bundle(openssl.issue("bob@example.org", .p256)))
        let untrusting = try make(trusted: false)
        #expect(throws: GuardError(.chainInvalid, "")) { try upload(untrusting, untrusting.session()) }
        #expect(try guardd.service.certificates(of: caller).isEmpty)
        let lenient = try make(trusted: false) { $0.certificates.allowsUntrusted = true }
        #expect(try upload(lenient, lenient.session()).current)
    }

    /// A file whose opening would take hours is refused before anything is derived.
    @Test func derivationBombs() throws {
        let guardd = try make()
        let caller = try guardd.session()
        let identity = try openssl.issue("alice@example.org", .p256)
        _ = guardd.steps.take()
        let huge = try bundle(identity, ["-iter", "3000000"])
        #expect(throws: GuardError(.keyTooLarge, "")) {
            try guardd.service.uploadCertificate(
                caller, file: huge, password: TestGuard.secret("bundle"), newPassword: password)
        }
        #expect(guardd.steps.take()[.passwordHash] == nil)
    }

    @Test func oneIsCurrentAndDeletionIsForGood() throws {
        let guardd = try make()
        let caller = try guardd.session()
        let first = try upload(guardd, caller)
        let second = try upload(guardd, caller)
        var list = try guardd.service.certificates(of: caller)
        #expect(list.map(\.serial) == [second.serial, first.serial] && list.map(\.current) == [true, false])
        let bare = try #require(first.serial.split(separator: ":").last)
        try guardd.service.setCurrentCertificate(caller, serial: bare.lowercased())
        list = try guardd.service.certificates(of: caller)
        #expect(list.map(\.serial) == [first.serial, second.serial] && list.map(\.current) == [true, false])
        #expect(throws: GuardError(.badPassword, "")) {
            try guardd.service.deleteCertificate(caller, serial: first.serial, password: TestGuard.secret("wrong"))
        }
        #expect(throws: GuardError(.missingParameter, "")) {
            try guardd.service.deleteCertificate(caller, serial: first.serial, password: nil)
        }
        try guardd.service.deleteCertificate(caller, serial: first.serial, password: password)
        list = try guardd.service.certificates(of: caller)
        #expect(list.map(\.serial) == [second.serial] && list.map(\.current) == [true])
        // Nothing of it is left, not even the certificate.
        let address = TestGuard.alice
        #expect(try guardd.store.smimeCertificates(for: address).count == 1)
        try guardd.service.deleteCertificate(caller, serial: second.serial, password: password)
        #expect(try !guardd.service.hasCertificates(caller))
        #expect(try guardd.store.smimeCertificates(for: address).isEmpty)
    }

    @Test func otherPeoplesCertificatesAreAsAbsent() throws {
        let guardd = try make()
        let alice = try guardd.session()
        let serial = try upload(guardd, alice).serial
        let bob = try guardd.session(TestGuard.bob)
        for handle in [serial, "0123456789ABCDEF:01", "01", "", "zz", "';--", String(repeating: "A", count: 4000)] {
            _ = guardd.steps.take()
            #expect(throws: GuardError(.certificateNotFound, "")) {
                try guardd.service.setCurrentCertificate(bob, serial: handle)
            }
            #expect(guardd.steps.take() == [.read: 1])
            #expect(throws: GuardError(.certificateNotFound, "")) {
                try guardd.service.deleteCertificate(bob, serial: handle, password: password)
            }
            #expect(guardd.steps.take() == [.read: 1])
        }
        #expect(try guardd.service.certificates(of: alice).count == 1)
    }

    @Test func sameSerialOfTwoAuthoritiesIsAmbiguous() throws {
        let guardd = try make(trusted: false) { $0.certificates.allowsUntrusted = true }
        let caller = try guardd.session()
        var handles: [String] = []
        for name in ["One", "Two"] {
            let folder = try TemporaryDirectory("self")
            try Shell.check(
                "openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365", "-set_serial", "0x1234", "-keyout",
                    folder.file("key"), "-out", folder.file("pem"), "-subj", "/CN=\(name)", "-addext",
                    "subjectAltName=email:alice@example.org", "-addext",
                    "keyUsage=critical,digitalSignature,keyEncipherment", "-addext",
                    "basicConstraints=critical,CA:false",
                ])
            try Shell.check(
                "openssl",
                [
                    "pkcs12", "-export", "-in", folder.file("pem"), "-inkey", folder.file("key"), "-passout",
                    "pass:bundle", "-out", folder.file("p12"),
                ])
            handles += try guardd.service.uploadCertificate(
                caller, file: folder.read("p12"), password: TestGuard.secret("bundle"), newPassword: password
            ).map(\.serial)
        }
        #expect(Set(handles).count == 2)
        do {
            try guardd.service.setCurrentCertificate(caller, serial: "1234")
            Issue.record("an ambiguous number names nothing")
        } catch let error as GuardError {
            #expect(error.code == .certificateAmbiguous && Set(error.parameters) == Set(handles))
        }
        try guardd.service.setCurrentCertificate(caller, serial: handles[0])
        #expect(try guardd.service.certificates(of: caller).first?.serial == handles[0])
    }

    @Test func recipientsArePrivateToTheUploader() throws {
        let guardd = try make()
        let alice = try guardd.session()
        let bob = try guardd.session(TestGuard.bob)
        let carol = try openssl.issue("carol@partner.example", .p256)
        let address = TestGuard.address("carol@partner.example")
        #expect(throws: GuardError(.certificateNotFound, "")) {
            try guardd.service.recipientCertificate(alice, for: address)
        }
        let folder = try TemporaryDirectory("p7")
        try Shell.check(
            "openssl",
            [
                "crl2pkcs7", "-nocrl", "-certfile", carol.certificateFile, "-certfile", openssl.certificateFile,
                "-outform", "DER", "-out", folder.file("p7b"),
            ])
        let uploaded = try guardd.service.uploadRecipientCertificates(alice, file: folder.read("p7b"))
        #expect(uploaded.map(\.email) == ["carol@partner.example"])
        let found = try guardd.service.recipientCertificate(alice, for: address)
        #expect(found.source == .uploaded && found.trustLevel == 4 && found.isTrusted)
        #expect(found.info.serial == uploaded.first?.serial)
        #expect(throws: GuardError(.certificateNotFound, "")) {
            try guardd.service.recipientCertificate(bob, for: address)
        }
        // PEM once more changes nothing.
        _ = try guardd.service.uploadRecipientCertificates(alice, file: carol.certificate)
        #expect(try guardd.store.recipientCertificates(for: address, of: alice.account.id).count == 1)
        for file in [[], [1, 2, 3], try openssl.folder.read("ca.pem"), carol.privateKey] {
            #expect(throws: GuardError(.certificateUnreadable, "")) {
                try guardd.service.uploadRecipientCertificates(alice, file: file)
            }
        }
    }

    @Test func ownUsersComeFirstAndSignersOfMailCount() throws {
        let guardd = try make()
        let alice = try guardd.session()
        let bob = try guardd.session(TestGuard.bob)
        let stray = try openssl.issue("alice@example.org", .rsa)
        _ = try guardd.service.uploadRecipientCertificates(bob, file: stray.certificate)
        #expect(try guardd.service.recipientCertificate(bob, for: TestGuard.alice).source == .uploaded)
        let own = try upload(guardd, alice)
        let found = try guardd.service.recipientCertificate(bob, for: TestGuard.alice)
        #expect(found.source == .local && found.info.serial == own.serial && found.info.current)
        let dave = try X509Certificate(pem: openssl.issue("dave@partner.example", .p256).certificate)
        try guardd.store.importSMIME([dave], provenance: .message)
        let known = try guardd.service.recipientCertificate(bob, for: TestGuard.address("dave@partner.example"))
        #expect(known.source == .known && known.trustLevel == 4)
    }

    @Test func recoveryMaterialGoesWithTheKey() throws {
        let guardd = try make { $0.recovery.isOffered = true }
        let caller = try guardd.session()
        _ = try upload(guardd, caller)
        let key = try #require(try guardd.service.lockedKey(of: caller.account, .smime))
        #expect(guardd.service.canRecover(key))
        let reset = try guardd.service.prepareReset(caller.account, .smime)
        try guardd.service.completeReset(reset)
        #expect(throws: GuardError(.badPassword, "")) {
            try guardd.service.verifyPassword(caller.account, .smime, password)
        }
        _ = try guardd.service.verifyPassword(caller.account, .smime, reset.password)
    }
}

@Suite struct CertificateCreationTests {
    private let password = TestGuard.secret("a good password")

    @Test func theBuiltInAuthorityIssues() throws {
        let none = try TestGuard()
        let answer = none.service.checkCertificateCreation(try none.session())
        #expect(!answer.isAvailable && !answer.message.isEmpty)
        #expect(throws: GuardError(.pkiNotConfigured, "")) {
            try none.service.createCertificate(none.session(), password: password)
        }
        let authority = try CertificateAuthority.create(
            name: try #require(CertificateName(commonName: "House")), key: .generate(.p256), at: 1_790_000_000,
            days: 3650)
        let guardd = try TestGuard(
            ports: {
                var ports = GuardPorts()
                ports.certificates = AuthorityIssuer(authority, days: 365)
                ports.smimeTrust = SMIMETrust(store: try TrustStore([authority.certificate]))
                return ports
            }()
        ) { $0.certificates.keyKind = .p256 }
        let caller = try guardd.session()
        #expect(guardd.service.checkCertificateCreation(caller).isAvailable)
        #expect(throws: GuardError(.passwordPolicy, "")) {
            try guardd.service.createCertificate(caller, password: TestGuard.secret("x"))
        }
        let made = try guardd.service.createCertificate(caller, password: password)
        #expect(made.email == "alice@example.org" && made.current && made.certifier == "CN=House")
        #expect(made.expires == guardd.now + 365 * 86_400)
        _ = try guardd.service.verifyPassword(caller.account, .smime, password)
        #expect(try guardd.service.recipientCertificate(caller, for: TestGuard.alice).isTrusted)
    }

    /// An authority that answers something else than it was asked for.
    private struct Liar: CertificateIssuer {
        let certificates: [X509Certificate]
        func issue(
            _ request: CertificateRequest, name: CertificateName, address: EmailAddress, at now: Int64
        ) throws -> [X509Certificate] { certificates }
    }

    @Test func whatIsIssuedIsLookedAt() throws {
        let other = try X509Certificate(
            pem: CertificateTests.authority.get().issue("alice@example.org", .p256).certificate)
        for certificates in [[], [other]] {
            var ports = GuardPorts()
            ports.certificates = Liar(certificates: certificates)
            let guardd = try TestGuard(ports: ports) { $0.certificates.keyKind = .p256 }
            #expect(throws: GuardError(.pkiFailed, "")) {
                try guardd.service.createCertificate(guardd.session(), password: password)
            }
            #expect(try !guardd.service.hasCertificates(guardd.session()))
        }
    }
}
