import KeyStore
import Libcrypto
import MIME
import OpenPGP
import Testing

@testable import Guard

@Suite struct GuestTests {
    private static let guest = TestGuard.address("nobody@partner.example")
    private static let sender = TestGuard.address("alice@example.org")
    private static let password = TestGuard.secret("first password")

    private static func message(_ text: String = "for your eyes only", size: Int = 0) throws -> Spool {
        let spool = Spool()
        let body = "\(text)\r\n" + String(repeating: "0123456789abcdef\r\n", count: size / 18)
        try spool.append(
            Array("From: alice@example.org\r\nTo: nobody@partner.example\r\nSubject: s\r\n\r\n\(body)".utf8))
        return spool
    }

    private func hold(_ mailed: MailedGuard, _ text: String = "for your eyes only", size: Int = 0) throws {
        try mailed.service.hold(
            Self.message(text, size: size), for: [Self.guest], from: Self.sender, language: "en_US")
    }

    private func first(
        _ mailed: MailedGuard, item: String, pin: String? = nil, address: EmailAddress = guest
    ) throws -> SecretBytes {
        try mailed.service.assignFirstPassword(
            GuestFirstPassword(
                address: address, item: item, pin: pin.map(TestGuard.secret), answer: TestGuard.secret("Rex"),
                password: Self.password))
    }

    /// The message as the guest reads it.
    private func read(_ mailed: MailedGuard, _ index: Int) throws -> String {
        let account = try #require(try mailed.test.store.account(for: Self.guest))
        let ring = try #require(try mailed.test.store.currentRing(of: account.id))
        let secret = try #require(try ring.secret()).unlocked(password: Self.password)
        let text = String(decoding: mailed.bag.mails[index].message, as: UTF8.self)
        #expect(!text.contains("for your eyes only"))
        let start = try #require(text.firstRange(of: "-----BEGIN PGP MESSAGE-----"))
        let end = try #require(text.firstRange(of: "-----END PGP MESSAGE-----"))
        let decryptor = MessageDecryptor(keys: secret.decryptionKeys(), time: Timestamp(mailed.test.now)) { _ in [] }
        try decryptor.push(Array(text[start.lowerBound..<end.upperBound].utf8) + [0x0D, 0x0A])
        return String(decoding: try decryptor.finish().content.bytes(), as: UTF8.self)
    }

    @Test func aMessageWaitsForTheFirstPassword() throws {
        let mailed = try MailedGuard()
        try hold(mailed, size: 200_000)
        try hold(mailed, "the second, for your eyes only")
        // The second is not announced: one invitation is enough for an hour.
        #expect(mailed.bag.mails.map(\.recipients) == [[Self.guest]])
        #expect(try mailed.text(0).contains("alice@example.org"))
        let item = try mailed.parameter("item", of: 0)
        #expect(item.count == 64)
        #expect(throws: GuardError(.guestRefused, "")) { try first(mailed, item: String(item.reversed())) }
        #expect(throws: GuardError(.guestRefused, "")) {
            try first(mailed, item: item, address: TestGuard.address("other@partner.example"))
        }
        let auth = try first(mailed, item: item)
        #expect(TestGuard.text(auth).contains("."))
        #expect(mailed.bag.mails.count == 3)
        #expect(try read(mailed, 1).contains("0123456789abcdef"))
        #expect(try read(mailed, 2).contains("the second, for your eyes only"))
        let account = try #require(try mailed.test.store.account(for: Self.guest))
        #expect(account.isGuest)
        #expect(try mailed.test.store.guestUse(account: account.id).messages == 0)
        // The link counts once.
        #expect(throws: GuardError(.guestRefused, "")) { try first(mailed, item: item) }
        #expect(throws: GuardError(.passwordPolicy, "")) {
            try mailed.service.assignFirstPassword(
                GuestFirstPassword(
                    address: Self.guest, item: item, pin: nil, answer: nil, password: TestGuard.secret("short")))
        }
    }

    @Test func thePINIsAskedForAndGuessesAreBounded() throws {
        let mailed = try MailedGuard { $0.guests.usesPINs = true }
        try hold(mailed)
        #expect(mailed.bag.mails.map(\.recipients) == [[Self.sender], [Self.guest]])
        let pin = try #require(try mailed.text(0).split(separator: "\r\n").first { $0.count == 4 && Int($0) != nil })
        let item = try mailed.parameter("item", of: 1)
        #expect(try !mailed.text(1).contains(pin))
        let wrong = pin == "0000" ? "0001" : "0000"
        #expect(throws: GuardError(.guestRefused, "")) { try first(mailed, item: item) }
        for _ in 0..<4 {
            #expect(throws: GuardError(.guestRefused, "")) { try first(mailed, item: item, pin: wrong) }
        }
        #expect(throws: GuardError(.lockedOut, "")) { try first(mailed, item: item, pin: String(pin)) }
        mailed.test.pass(seconds: 601)
        _ = try first(mailed, item: item, pin: String(pin))
    }

    @Test func supportTakesThePINAway() throws {
        let mailed = try MailedGuard { $0.guests.usesPINs = true }
        try hold(mailed)
        let account = try mailed.service.supportedAccount(Self.guest, userID: nil, contextID: nil)
        try mailed.service.removePIN(of: account, actor: "uid:0")
        _ = try first(mailed, item: try mailed.parameter("item", of: 1))
    }

    @Test func linksAndMessagesEnd() throws {
        let mailed = try MailedGuard()
        try hold(mailed)
        let item = try mailed.parameter("item", of: 0)
        mailed.test.pass(seconds: 169 * 3600)
        #expect(throws: GuardError(.guestRefused, "")) { try first(mailed, item: item) }
        mailed.test.pass(seconds: 30 * 86_400)
        try mailed.test.store.expireGuestThings(now: mailed.test.now)
        let account = try #require(try mailed.test.store.account(for: Self.guest))
        #expect(try mailed.test.store.guestUse(account: account.id).messages == 0)
    }

    @Test func keepsNothingWhereTheInvitationDoesNotLeave() throws {
        let mailed = try MailedGuard(isBroken: true)
        #expect(throws: GuardError(.mailNotSent, "")) { try hold(mailed) }
        let account = try #require(try mailed.test.store.account(for: Self.guest))
        #expect(try mailed.test.store.guestUse(account: account.id) == (0, 0))
    }

    @Test func refusesWhoCannotBeAGuest() throws {
        let mailed = try MailedGuard { $0.guests.maximumOctets = 1000 }
        #expect(throws: GuardError(.mailTooLarge, "")) { try hold(mailed, size: 2000) }
        #expect(throws: GuardError(.guestsNotAllowed, "")) {
            try mailed.service.hold(
                Self.message(), for: [Self.guest, Self.sender], from: Self.sender, language: "")
        }
        let closed = try MailedGuard { $0.guests.areAllowed = false }
        #expect(throws: GuardError(.guestsNotAllowed, "")) { try hold(closed) }
        #expect(mailed.bag.mails.isEmpty && closed.bag.mails.isEmpty)
    }

    @Test func guestsLogInAndChangeTheirPassword() throws {
        let mailed = try MailedGuard()
        try hold(mailed)
        _ = try first(mailed, item: try mailed.parameter("item", of: 0))
        let auth = try mailed.service.loginGuest(Self.guest, password: Self.password)
        #expect(throws: GuardError(.badPassword, "")) {
            try mailed.service.loginGuest(Self.guest, password: TestGuard.secret("wrong password"))
        }
        // Somebody who is no guest is told the same.
        #expect(throws: GuardError(.badPassword, "")) {
            try mailed.service.loginGuest(TestGuard.address("x@partner.example"), password: Self.password)
        }
        let new = TestGuard.secret("second password")
        let next = try mailed.service.changeGuestPassword(auth: auth, from: Self.password, to: new, peer: "p")
        #expect(throws: GuardError(.tokenInvalid, "")) {
            try mailed.service.changeGuestPassword(auth: auth, from: new, to: Self.password, peer: "p")
        }
        #expect(throws: GuardError(.badPassword, "")) {
            try mailed.service.loginGuest(Self.guest, password: Self.password)
        }
        _ = try mailed.service.changeGuestPassword(auth: next, from: new, to: Self.password, peer: "p")
        for bad in ["", ".", "a.b", TestGuard.text(auth) + "x"] {
            #expect(throws: GuardError.self) {
                try mailed.service.changeGuestPassword(
                    auth: TestGuard.secret(bad), from: Self.password, to: new, peer: "p")
            }
        }
    }

    @Test func aLostPasswordMeansANewKey() throws {
        let mailed = try MailedGuard()
        try hold(mailed)
        _ = try first(mailed, item: try mailed.parameter("item", of: 0))
        let before = mailed.bag.mails.count
        func ask(_ address: EmailAddress, _ answer: String) throws {
            try mailed.service.requestGuestReset(
                address: address, answer: TestGuard.secret(answer), language: "de_DE", templateNumber: nil)
        }
        // Nobody is told whether there is such a guest, or whether the answer was right; the steps are the same.
        _ = mailed.test.steps.take()
        try ask(TestGuard.address("x@partner.example"), "Rex")
        let stranger = mailed.test.steps.take()
        try ask(Self.guest, "wrong")
        #expect(mailed.test.steps.take() == stranger)
        #expect(mailed.bag.mails.count == before)
        try ask(Self.guest, "Rex")
        let id = try mailed.parameter("resetid", of: before)
        #expect(try mailed.text(before).contains("Neubeginn"))
        #expect(throws: GuardError(.guestRefused, "")) { try first(mailed, item: id) }
        let new = TestGuard.secret("another password")
        try mailed.service.completeGuestReset(address: Self.guest, resetID: id, password: new)
        #expect(throws: GuardError(.guestRefused, "")) {
            try mailed.service.completeGuestReset(address: Self.guest, resetID: id, password: new)
        }
        _ = try mailed.service.loginGuest(Self.guest, password: new)
        let account = try #require(try mailed.test.store.account(for: Self.guest))
        #expect(try mailed.test.store.rings(of: account.id).count == 2)
        try ask(Self.guest, "Rex")
        #expect(throws: GuardError(.lockedOut, "")) { try ask(Self.guest, "Rex") }
    }

    @Test func anUpgradeKeepsOldMailReadable() throws {
        let mailed = try MailedGuard()
        try hold(mailed)
        _ = try first(mailed, item: try mailed.parameter("item", of: 0))
        let guest = try #require(try mailed.test.store.account(for: Self.guest))
        let ring = try #require(try mailed.test.store.currentRing(of: guest.id))
        let user = try mailed.test.session(Self.sender).account
        try mailed.service.upgradeGuest(guest, to: user, actor: "uid:0")
        #expect(try mailed.test.store.account(for: Self.guest) == nil)
        let moved = try #require(try mailed.test.store.currentRing(of: user.id))
        #expect(moved.certificate.fingerprint == ring.certificate.fingerprint)
        _ = try mailed.service.verifyPassword(user, .pgp, Self.password)
        // What opens the key without its password moved too.
        try mailed.service.resetPassword(try mailed.test.session(Self.sender), .pgp, source: "uid:1")
        _ = try mailed.service.verifyPassword(user, .pgp, try mailed.password(mailed.bag.mails.count - 1))
        #expect(throws: GuardError(.guestRefused, "")) {
            try mailed.service.upgradeGuest(user, to: nil, actor: "uid:0")
        }
    }

    @Test func aGuestBecomesAUser() throws {
        let mailed = try MailedGuard()
        try hold(mailed)
        _ = try first(mailed, item: try mailed.parameter("item", of: 0))
        let guest = try #require(try mailed.test.store.account(for: Self.guest))
        try mailed.service.upgradeGuest(guest, to: nil, actor: "uid:0")
        #expect(try mailed.test.store.account(for: Self.guest)?.isGuest == false)
        #expect(throws: GuardError(.badPassword, "")) {
            try mailed.service.loginGuest(Self.guest, password: Self.password)
        }
    }
}
