import KeyStore
import Libcrypto
import MIME
import ProtectedMail
import TestSupport
import Testing

@testable import Guard

@Suite struct MailTests {
    /// Remembers what it was asked for.
    private final class Recorder: MessageCrypto {
        let orders = Lock<[MessageOrder]>([])

        func judge(_ message: [UInt8], for reader: EmailAddress) throws -> JudgedMessage {
            JudgedMessage(passes: true, message: message + [0x21])
        }

        func protect(_ message: [UInt8], _ order: MessageOrder) throws -> [UInt8] {
            orders.withLock { $0.append(order) }
            return [0x2A] + message
        }
    }

    private let crypto = Recorder()
    private let message = Array("From: alice@example.org\r\n\r\nx\r\n".utf8)

    private func make() throws -> (TestGuard, Caller) {
        var ports = GuardPorts()
        ports.crypto = crypto
        ports.smimeTrust = SMIMETrust(
            store: try .init(path: CertificateTests.authority.get().certificateFile),
            policy: .init(revocation: .off))
        let guardd = try TestGuard(ports: ports)
        return (guardd, try guardd.session())
    }

    private func request(_ change: (inout MailRequest) -> Void = { _ in }) -> MailRequest {
        var request = MailRequest(
            message: message, sender: TestGuard.alice, isGuest: false,
            recipients: [TestGuard.address("bob@partner.example")], encrypt: true, sign: false)
        change(&request)
        return request
    }

    @Test func usersAreNamedByBothNumbers() throws {
        let (guardd, caller) = try make()
        let (user, context) = (caller.account.id, caller.account.domainID)
        #expect(
            try guardd.service.verifyMail(user: user, context: context, message: message)
                == JudgedMessage(passes: true, message: message + [0x21]))
        #expect(
            try guardd.service.encryptAtRest(user: user, context: context, message: message) == [0x2A] + message)
        let order = try #require(crypto.orders.withLock { $0.last })
        #expect(order.isAtRest && order.encrypt && !order.sign && order.types == [.pgp])
        #expect(order.recipients == [TestGuard.alice])
        for (user, context) in [(user, context + 1), (user + 1, context), (-1, -1), (Int64.max, Int64.min)] {
            #expect(throws: GuardError(.badParameter, "")) {
                try guardd.service.verifyMail(user: user, context: context, message: message)
            }
            #expect(throws: GuardError(.badParameter, "")) {
                try guardd.service.encryptAtRest(user: user, context: context, message: message)
            }
            #expect(throws: GuardError(.badParameter, "")) {
                try guardd.service.encryptMail(user: user, context: context, request())
            }
        }
        let bare = try TestGuard()
        let account = try bare.session().account
        #expect(throws: GuardError(.unavailable, "")) {
            try bare.service.verifyMail(user: account.id, context: account.domainID, message: message)
        }
    }

    @Test func whatMailEncryptRefuses() throws {
        let (guardd, caller) = try make()
        let account = caller.account
        func refused(_ code: GuardErrorCode, _ change: (inout MailRequest) -> Void) {
            #expect(throws: GuardError(code, "")) {
                try guardd.service.encryptMail(user: account.id, context: account.domainID, request(change))
            }
        }
        refused(.notAllowed) { $0.sender = TestGuard.bob }
        refused(.notAllowed) { $0.isGuest = true }
        refused(.badParameter) { $0.recipients = [] }
        refused(.badParameter) { $0.recipients = Array(repeating: TestGuard.bob, count: 1001) }
        refused(.tokenInvalid) {
            $0.sign = true
            $0.token = TestGuard.secret("guess")
        }
        #expect(crypto.orders.withLock { $0.isEmpty })
    }

    @Test func tokensOpenTheUsersKey() throws {
        let (guardd, caller) = try make()
        let authority = try CertificateTests.authority.get()
        let identity = try authority.issue("alice@example.org", .p256)
        let file = identity.certificateFile + ".p12"
        try Shell.check(
            "openssl",
            [
                "pkcs12", "-export", "-in", identity.certificateFile, "-inkey", identity.keyFile, "-passout",
                "pass:bundle", "-out", file,
            ])
        let password = TestGuard.secret("the new password")
        _ = try guardd.service.uploadCertificate(
            caller, file: Shell.check("cat", [file]), password: TestGuard.secret("bundle"), newPassword: password)
        let account = caller.account
        func order(_ change: (inout MailRequest) -> Void) throws -> MessageOrder {
            _ = try guardd.service.encryptMail(
                user: account.id, context: account.domainID,
                request {
                    $0.sign = true
                    change(&$0)
                })
            return try #require(crypto.orders.withLock { $0.last })
        }
        #expect(try order { _ in }.smimeKey == nil)
        let secrets = try guardd.service.verifyPassword(account, .smime, password)
        let token = try guardd.service.issueToken(secrets, to: caller, .smime)
        let signed = try order {
            $0.token = token.text
            $0.session = caller.sessionSecret
        }
        #expect(signed.smimeKey?.key.matches(try #require(signed.smimeKey?.certificate)) == true)
        #expect(throws: GuardError(.tokenInvalid, "")) {
            try order { $0.token = token.text }
        }
        // Attached ones need no session; single-use ones are never attached for the mail flow.
        _ = try guardd.service.issueToken(secrets, to: caller, .smime, minutes: -1)
        #expect(try order { _ in }.smimeKey == nil)
        _ = try guardd.service.issueToken(secrets, to: caller, .smime, minutes: 5)
        #expect(try order { _ in }.smimeKey != nil)
        guardd.pass(seconds: 301)
        #expect(try order { _ in }.smimeKey == nil)
    }
}
