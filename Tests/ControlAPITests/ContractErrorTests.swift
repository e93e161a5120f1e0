import CMS
import Foundation
import Guard
import HTTPTypes
import KeyStore
import Libcrypto
import MIME
import OpenPGP
import TestSupport
import Testing

@testable import ControlAPI

/// Each error that the description says of an operation (`x-codes`) is provoked, and looks as described. What all
/// operations share is provoked in ``ContractTests``.
@Suite struct ContractErrorTests {
    /// Codes that no request brings about here, with the reason.
    static let unprovoked: [GuardErrorCode: String] = [
        .nothingEncrypted: "kept: clear mail is no error for any operation",
        .nothingSigned: "kept: unsigned mail is the verdict none",
        .inputOutput: "kept: files are no concern of a client",
        .noPrimaryKey: "kept: such a ring is unreadable (GRD-KEY-0006)",
        .notOwner: "kept: the keys of others are not found (GRD-KEY-0001), so that nobody learns of them",
        .cryptoFailed: "only a library that fails, or a damaged store",
    ]

    /// One error of one operation.
    private struct Row {
        let id: String
        let code: GuardErrorCode
        let call: (Stages) async throws -> TestReply
    }

    /// Settings under which different errors occur.
    private struct Stages {
        /// With everything that can be had, and no lock after wrong passwords.
        let full: ErrorStage
        /// With nothing that an administrator can withhold.
        let bare: ErrorStage
        /// One wrong password locks.
        let locked: ErrorStage
        let exposed: String
    }

    private static let wrong = "wrong horse battery"
    private static let password = ErrorStage.password

    @Test func everyDescribedErrorOccursAsDescribed() async throws {
        let stages = try await Self.stages()
        let client = stages.full.client
        var seen: [String: Set<String>] = [:]
        for row in Self.rows() {
            let reply = try await row.call(stages)
            #expect(reply.code == row.code.rawValue, "\(row.id): \(reply.text.prefix(500))")
            guard reply.code == row.code.rawValue, let operation = client.operations[row.id] else { continue }
            #expect(reply.status == Self.status(row.code), "\(row.id) \(row.code)")
            #expect((reply.reply.fields[.retryAfter] != nil) == (row.code == .lockedOut), "\(row.id) \(row.code)")
            let problems = client.document.problems(reply.reply, to: operation)
            #expect(problems.isEmpty, "\(row.id) \(row.code): \(problems)")
            seen[row.id, default: []].insert(row.code.rawValue)
        }
        for operation in client.document.operations {
            #expect(
                seen[operation.id, default: []] == Set(operation.codes),
                "\(operation): described \(operation.codes), provoked \(seen[operation.id, default: []].sorted())")
        }
        let shared = GuardErrorCode.allCases.filter {
            $0.rawValue.hasPrefix("GRD-REQ") || $0.rawValue.hasPrefix("GRD-SRV")
        }
        let all = seen.values.reduce(into: Set(shared.map(\.rawValue))) { $0.formUnion($1) }
        let reserved = Set(GuardErrorCode.allCases.map(\.rawValue)).subtracting(all)
        #expect(reserved == Set(Self.unprovoked.keys.map(\.rawValue)))
    }

    /// What is forbidden is told before, so that clients need not offer it.
    @Test func settingsTellWhatIsForbidden() async throws {
        let bare = try Self.bareStage()
        let login = try bare.succeed(
            await bare.client.reply("loginForGuardToken", bare.session("alice"), json: "{}"))
        for name in ["noDeletePrivate", "noRecovery", "noDeleteRecovery"] {
            #expect(login.json?["settings"]?[name] == .bool(true), "\(name)")
        }
    }

    /// What the description says of statuses.
    private static func status(_ code: GuardErrorCode) -> Int {
        switch code {
        case .notAllowed: 403
        case .lockedOut: 429
        default: 200
        }
    }

    private static func stages() async throws -> Stages {
        let full = try ErrorStage { _, ports in ports.certificates = BrokenIssuer() }
        for name in ["alice", "dora"] { try await full.makeKey(name) }
        try await full.makePublicRing("carla")
        try await full.makeCertificate()
        try await full.makeSharedSerial()
        try await full.makeGuests()
        _ = try full.succeed(
            await full.client.reply("deletePasswordRecovery", full.session("dora"), form: ["password": password]))
        let bare = try bareStage()
        try await bare.makeKey("alice")
        let locked = try ErrorStage { settings, ports in
            settings.passwords.failuresBeforeLock = 1
            ports.passwords = NoPassword()
        }
        try await locked.makeKey("alice")
        try await locked.makeCertificate()
        try await locked.makeGuests()
        // Wrong once; the second time nobody looks at the password.
        for type in ["PGP", "SMIME"] {
            let reply = try await locked.client.reply(
                "loginForGuardToken", locked.session("alice"), query: ["type": type],
                json: ErrorStage.json(["encr_password": wrong]))
            try #require(reply.code == "PGP-CORE-0003", "\(reply.text)")
        }
        return Stages(full: full, bare: bare, locked: locked, exposed: try await full.expose("erin"))
    }

    private static func bareStage() throws -> ErrorStage {
        try ErrorStage { settings, _ in
            settings.recovery.isOffered = false
            settings.recovery.usersMayDelete = false
            settings.keys.allowsPrivateDeletion = false
            settings.guests.areAllowed = false
            settings.certificates.allowsUntrusted = false
            settings.certificates.maximumOwn = 0
            settings.certificates.maximumRecipients = 0
        }
    }

    /// Knows nobody's password.
    private struct NoPassword: PasswordVerifier {
        func verify(mailbox: EmailAddress, password: SecretBytes) throws -> Bool { false }
    }

    /// Never issues anything.
    private struct BrokenIssuer: CertificateIssuer {
        func issue(
            _ request: CertificateRequest, name: CertificateName, address: EmailAddress, at now: Int64
        ) throws -> [X509Certificate] { throw GuardError(.pkiFailed, "out of ink") }
    }
}

// MARK: The table

extension ContractErrorTests {
    private static func rows() -> [Row] {
        passwordRows() + ringRows() + ringPasswordRows() + correspondentRows() + certificateRows() + guestRows()
            + mailRows() + supportRows()
    }

    private static func row(
        _ id: String, _ code: GuardErrorCode, _ call: @escaping (Stages) async throws -> TestReply
    ) -> Row { Row(id: id, code: code, call: call) }

    /// The last answer of some.
    private static func last(
        of count: Int, _ call: () async throws -> TestReply
    ) async throws -> TestReply {
        for _ in 1..<count { _ = try await call() }
        return try await call()
    }

    /// Operations with a JSON body that holds the password of the current key.
    private static func passwordRows() -> [Row] {
        var rows: [Row] = []
        let operations: [(id: String, name: String, more: [String: Any])] = [
            ("loginForGuardToken", "encr_password", [:]),
            ("changeCurrentKeyPassword", "oldpass", ["newpass": "another horse 12"]),
            ("setSecondaryEmail", "password", ["email": "x@elsewhere.example"]),
            ("loginAndAttachAuthToken", "password", ["minutesValid": 5]),
        ]
        for (id, name, more) in operations {
            func call(_ stage: ErrorStage, _ user: String) async throws -> TestReply {
                try await stage.client.reply(
                    id, stage.session(user), json: ErrorStage.json(more.merging([name: wrong]) { $1 }))
            }
            rows.append(row(id, .badPassword) { try await call($0.full, "alice") })
            rows.append(row(id, .lockedOut) { try await call($0.locked, "alice") })
            if id != "loginForGuardToken" {
                rows.append(row(id, .privateKeyMissing) { try await call($0.full, "bob") })
            }
        }
        rows.append(
            row("changeCurrentKeyPassword", .passwordPolicy) { stages in
                try await stages.full.client.reply(
                    "changeCurrentKeyPassword", stages.full.session("alice"),
                    json: ErrorStage.json(["oldpass": password, "newpass": "short"]))
            })
        rows.append(
            row("attachAuthTokenToSession", .tokenInvalid) { stages in
                try await stages.full.client.reply(
                    "attachAuthTokenToSession", stages.full.session("alice"), json: ErrorStage.json(["auth": "x"]))
            })
        func reset(_ stage: ErrorStage, _ user: String) async throws -> TestReply {
            try await stage.client.reply("resetKeyPassword", stage.session(user))
        }
        func support(_ stage: ErrorStage, _ user: String) async throws -> TestReply {
            _ = try stage.session(user)
            return try await stage.client.reply("supportResetPassword", query: ["email": "\(user)@example.org"])
        }
        func broken(_ stage: ErrorStage, _ call: () async throws -> TestReply) async throws -> TestReply {
            stage.outbox.isBroken.withLock { $0 = true }
            defer { stage.outbox.isBroken.withLock { $0 = false } }
            return try await call()
        }
        rows += [
            row("resetKeyPassword", .recoveryDisabled) { try await reset($0.bare, "alice") },
            row("resetKeyPassword", .noRecoveryMaterial) { try await reset($0.full, "dora") },
            row("resetKeyPassword", .privateKeyMissing) { try await reset($0.full, "bob") },
            row("resetKeyPassword", .mailNotSent) { stages in
                try await broken(stages.full) { try await reset(stages.full, "alice") }
            },
            row("resetKeyPassword", .lockedOut) { stages in
                try await last(of: 4) { try await reset(stages.full, "lily") }
            },
            row("supportResetPassword", .recoveryDisabled) { try await support($0.bare, "alice") },
            row("supportResetPassword", .noRecoveryMaterial) { try await support($0.full, "dora") },
            row("supportResetPassword", .privateKeyMissing) { try await support($0.full, "bob") },
            row("supportResetPassword", .mailNotSent) { stages in
                try await broken(stages.full) { try await support(stages.full, "alice") }
            },
            row("supportResetPassword", .lockedOut) { stages in
                try await last(of: 4) { try await support(stages.full, "lara") }
            },
            row("openControlSession", .credentialsRefused) { stages in
                try await stages.full.client.reply(
                    "openControlSession", json: ErrorStage.json(["email": "alice@example.org"]), peer: .unknown)
            },
            row("openControlSession", .notAllowed) { stages in
                try await stages.full.client.reply(
                    "openControlSession", json: ErrorStage.json(["email": "x@foreign.example"]))
            },
            row("openControlSession", .lockedOut) { stages in
                try await last(of: 2) {
                    try await stages.locked.client.reply(
                        "openControlSession",
                        json: ErrorStage.json(["email": "alice@example.org", "password": wrong]), peer: .unknown)
                }
            },
        ]
        return rows
    }

    /// Operations on own rings, apart from their password.
    private static func ringRows() -> [Row] {
        func post(_ id: String, _ stage: ErrorStage, _ user: String, _ form: [String: String]) async throws -> TestReply
        {
            try await stage.client.reply(id, stage.session(user), form: form)
        }
        func upload(
            _ stage: ErrorStage, _ key: [UInt8], newPassword: String = password, keyPassword: String? = nil
        ) async throws -> TestReply {
            var parts = [("key", key), ("newPassword", Array(newPassword.utf8))]
            if let keyPassword { parts.append(("keyPassword", Array(keyPassword.utf8))) }
            return try await stage.client.reply("uploadOwnKeyRing", stage.session("alice"), parts: parts)
        }
        func fresh(_ address: String) throws -> [UInt8] {
            let secret = try SecretCertificate.generate(userIDs: ["<\(address)>"], at: Timestamp(1_763_000_000))
            return secret.armored().withBytes { span in span.indices.map { span[$0] } }
        }
        var rows: [Row] = [
            row("createPgpKeyRing", .passwordPolicy) {
                try await post("createPgpKeyRing", $0.full, "bob", ["name": "Bob", "password": "short"])
            },
            row("createPgpKeyRing", .credentialsRefused) {
                try await post("createPgpKeyRing", $0.full, "bob", ["name": "Bob", "e_password": "AAAA"])
            },
            row("deletePgpKeyRing", .deleteForbidden) { stages in
                try await post(
                    "deletePgpKeyRing", stages.bare, "alice",
                    ["keyid": stages.bare.keyIDs["alice"] ?? "", "password": password])
            },
            row("setCurrentPgpKeyRing", .keyNotFound) {
                try await post("setCurrentPgpKeyRing", $0.full, "alice", ["keyid": "1"])
            },
            row("listKeySignatures", .keyNotFound) { stages in
                try await stages.full.client.reply(
                    "listKeySignatures", stages.full.session("alice"), query: ["keyid": "1"])
            },
            row("uploadOwnKeyRing", .noMatchingUserID) { try await upload($0.full, fresh("bob@example.org")) },
            row("uploadOwnKeyRing", .keyTooLarge) {
                try await upload($0.full, [UInt8](repeating: 0x41, count: 300 << 10))
            },
            row("uploadOwnKeyRing", .keyUnreadable) { try await upload($0.full, Array("no key".utf8)) },
            row("uploadOwnKeyRing", .passwordPolicy) {
                try await upload($0.full, fresh("alice@example.org"), newPassword: "short")
            },
        ]
        func download(_ stage: ErrorStage) async throws -> [UInt8] {
            let file = try await stage.client.reply(
                "downloadArmoredKeyRing", stage.session("alice"), form: ["keyType": "private", "password": password])
            return file.reply.body
        }
        rows += [
            row("uploadOwnKeyRing", .badPassword) {
                try await upload($0.full, download($0.full), keyPassword: wrong)
            },
            row("uploadOwnKeyRing", .keyNotUsable) { stages in
                // The same ring without its primary private key.
                let home = try GnuPGHome()
                let clock = ["--faked-system-time", String(stages.full.now.seconds + 1)]
                try home.run(clock + ["--import"], input: await download(stages.full))
                let part = try home.run([
                    "--pinentry-mode", "loopback", "--passphrase", password, "--armor", "--export-secret-subkeys",
                ])
                return try await upload(stages.full, part, keyPassword: password)
            },
        ]
        return rows
    }

    /// Operations on own rings whose form holds the password.
    private static func ringPasswordRows() -> [Row] {
        var rows: [Row] = []
        let identity = ["name": "x", "email": "x@elsewhere.example"]
        let operations: [(id: String, form: [String: String], codes: [GuardErrorCode])] = [
            ("deletePasswordRecovery", [:], [.privateKeyMissing, .noRecoveryMaterial, .notAllowed]),
            ("deletePgpKeyRing", [:], [.keyNotFound]),
            ("getOwnPgpKeyRing", ["keyType": "private"], [.keyNotFound, .privateKeyMissing]),
            ("downloadArmoredKeyRing", ["keyType": "private"], [.keyNotFound, .privateKeyMissing]),
            ("addUserIdToKeyRing", identity, [.keyNotFound, .privateKeyMissing, .tokenInvalid]),
            ("revokeKey", [:], [.keyNotFound, .privateKeyMissing, .tokenInvalid]),
        ]
        for (id, form, codes) in operations {
            func call(
                _ stage: ErrorStage, _ user: String, keyID: String? = nil, _ more: [String: String]
            ) async throws -> TestReply {
                var form = form.merging(more) { $1 }
                if id != "deletePasswordRecovery" { form["keyid"] = keyID ?? stage.keyIDs[user] }
                return try await stage.client.reply(id, stage.session(user), form: form)
            }
            for code in codes + [.badPassword, .lockedOut] {
                rows.append(
                    row(id, code) { stages in
                        switch code {
                        case .keyNotFound: try await call(stages.full, "alice", keyID: "1", ["password": password])
                        case .privateKeyMissing:
                            // Rings have a private part or not; recovery is about the current key.
                            try await call(
                                stages.full, id == "deletePasswordRecovery" ? "bob" : "carla", ["password": password])
                        case .noRecoveryMaterial: try await call(stages.full, "dora", ["password": password])
                        case .notAllowed: try await call(stages.bare, "alice", ["password": password])
                        case .tokenInvalid: try await call(stages.full, "alice", [:])
                        case .lockedOut: try await call(stages.locked, "alice", ["password": password])
                        default: try await call(stages.full, "alice", ["password": wrong])
                        }
                    })
            }
        }
        return rows
    }

    /// Keys of correspondents.
    private static func correspondentRows() -> [Row] {
        var rows: [Row] = []
        for (id, form) in [
            ("setExternalKeyInlineFlag", ["inline": "true"]), ("setExternalKeyShareFlag", ["share": "true"]),
            ("deleteExternalPublicKeyRing", [:]), ("setAutocryptKeyVerified", ["verified": "true"]),
        ] {
            rows.append(
                row(id, .keyNotFound) { stages in
                    try await stages.full.client.reply(
                        id, stages.full.session("alice"), form: form.merging(["keyids": "1"]) { $1 })
                })
        }
        func upload(_ stage: ErrorStage, _ key: [UInt8]) async throws -> TestReply {
            try await stage.client.reply(
                "uploadExternalPublicKeyRing", stage.session("alice"), parts: [("key", key)])
        }
        rows += [
            row("uploadExternalPublicKeyRing", .keyTooLarge) {
                try await upload($0.full, [UInt8](repeating: 0x41, count: 300 << 10))
            },
            row("uploadExternalPublicKeyRing", .keyUnreadable) { try await upload($0.full, Array("no key".utf8)) },
            row("importAutocryptHeader", .autocryptRefused) { stages in
                try await stages.full.client.reply(
                    "importAutocryptHeader", stages.full.session("alice"),
                    form: ["header": "addr=x@elsewhere.example", "sent_date": "Mon, 24 Nov 2025 16:00:00 +0000"])
            },
        ]
        return rows
    }

    private static func certificateRows() -> [Row] {
        func form(
            _ id: String, _ stage: ErrorStage, _ form: [String: String], session: String? = nil
        ) async throws -> TestReply {
            try await stage.client.reply(id, session ?? stage.session("alice"), form: form)
        }
        func recipient(_ stage: ErrorStage, _ file: [UInt8]) async throws -> TestReply {
            try await stage.client.reply(
                "uploadRecipientCertificate", stage.session("alice"), parts: [("certificate", file)])
        }
        let (delete, current, own) = ("deleteOwnCertificate", "setCurrentCertificate", "uploadOwnCertificate")
        let create = "createCertificateFromPki"
        return [
            row(delete, .badPassword) {
                try await form(delete, $0.full, ["serial": $0.full.serial, "password": wrong])
            },
            row(delete, .lockedOut) {
                try await form(delete, $0.locked, ["serial": $0.locked.serial, "password": password])
            },
            row(delete, .certificateNotFound) {
                try await form(delete, $0.full, ["serial": "12", "password": password])
            },
            row(delete, .certificateAmbiguous) {
                try await form(delete, $0.full, ["serial": $0.full.sharedSerial, "password": password])
            },
            row(current, .certificateNotFound) { try await form(current, $0.full, ["serial": "12"]) },
            row(current, .certificateAmbiguous) {
                try await form(current, $0.full, ["serial": $0.full.sharedSerial])
            },
            row("lookupRecipientCertificate", .certificateNotFound) { stages in
                try await stages.full.client.reply(
                    "lookupRecipientCertificate", stages.full.session("alice"), query: ["email": "x@elsewhere.example"])
            },
            row(own, .badPassword) {
                try await $0.full.upload(ErrorStage.bundle("alice@example.org"), password: wrong)
            },
            row(own, .passwordPolicy) {
                try await $0.full.upload(ErrorStage.bundle("alice@example.org"), newPassword: "short")
            },
            row(own, .certificateUnreadable) { try await $0.full.upload(Array("no file".utf8)) },
            row(own, .noMatchingUserID) { try await $0.full.upload(ErrorStage.bundle("bob@example.org")) },
            row(own, .chainInvalid) {
                try await $0.bare.upload(ErrorStage.bundle("alice@example.org", isKnown: false))
            },
            row(own, .keyTooLarge) { try await $0.bare.upload(ErrorStage.bundle("alice@example.org")) },
            row("uploadRecipientCertificate", .certificateUnreadable) {
                try await recipient($0.full, Array("no file".utf8))
            },
            row("uploadRecipientCertificate", .chainInvalid) { stages in
                let authority = try ErrorStage.authorities.get().known
                return try await recipient(
                    stages.full, authority.issue("x@elsewhere.example", .p256, usage: "serverAuth").certificate)
            },
            row("uploadRecipientCertificate", .keyTooLarge) { stages in
                let authority = try ErrorStage.authorities.get().known
                return try await recipient(stages.bare, authority.issue("x@elsewhere.example", .p256).certificate)
            },
            row(create, .pkiNotConfigured) { try await form(create, $0.bare, ["password": password]) },
            row(create, .pkiFailed) { try await form(create, $0.full, ["password": password]) },
            row(create, .passwordPolicy) { try await form(create, $0.full, ["password": "short"]) },
            row(create, .credentialsRefused) { try await form(create, $0.full, ["e_password": "AAAA"]) },
            row(create, .notAllowed) { stages in
                let session = try #require(stages.full.guestAuth.split(separator: ".").first)
                return try await form(create, stages.full, ["password": password], session: String(session))
            },
        ]
    }

    private static func guestRows() -> [Row] {
        func post(_ id: String, _ stage: ErrorStage, _ members: [String: Any]) async throws -> TestReply {
            try await stage.client.reply(id, json: ErrorStage.json(members))
        }
        func first(_ stage: ErrorStage, item: String = "00", _ password: String = password) async throws -> TestReply {
            try await post(
                "assignFirstGuestPassword", stage,
                [
                    "email": "wanda@partner.example", "itemId": item, "newpass": password, "question": "",
                    "answer": "",
                ])
        }
        func login(_ stage: ErrorStage) async throws -> TestReply {
            try await post("loginGuest", stage, ["username": "gus@partner.example", "password": wrong])
        }
        func complete(_ stage: ErrorStage, _ password: String = password) async throws -> TestReply {
            try await post(
                "completeGuestAccountReset", stage,
                ["email": "gus@partner.example", "resetid": "00", "password": password])
        }
        func request(_ stage: ErrorStage) async throws -> TestReply {
            try await stage.client.reply(
                "requestGuestPasswordReset", form: ["email": "gus@partner.example", "answer": "x"])
        }
        func change(
            _ stage: ErrorStage, auth: String? = nil, old: String = wrong, new: String = "another horse 12"
        ) async throws -> TestReply {
            try await stage.client.reply(
                "changeGuestPassword", query: ["auth": auth ?? stage.guestAuth],
                json: ErrorStage.json(["oldpass": old, "newpass": new]))
        }
        return [
            row("assignFirstGuestPassword", .guestsNotAllowed) { try await first($0.bare) },
            row("assignFirstGuestPassword", .guestRefused) { try await first($0.full) },
            row("assignFirstGuestPassword", .passwordPolicy) { try await first($0.full, item: $0.full.item, "short") },
            row("assignFirstGuestPassword", .lockedOut) { stages in
                try await last(of: 2) { try await first(stages.locked) }
            },
            row("requestGuestPasswordReset", .guestsNotAllowed) { try await request($0.bare) },
            row("requestGuestPasswordReset", .lockedOut) { stages in
                try await last(of: 4) { try await request(stages.full) }
            },
            row("completeGuestAccountReset", .guestsNotAllowed) { try await complete($0.bare) },
            row("completeGuestAccountReset", .guestRefused) { try await complete($0.full) },
            row("completeGuestAccountReset", .passwordPolicy) { try await complete($0.full, "short") },
            row("completeGuestAccountReset", .lockedOut) { stages in
                try await last(of: 2) { try await complete(stages.locked) }
            },
            row("changeGuestPassword", .sessionInvalid) { try await change($0.full, auth: "x.y") },
            row("changeGuestPassword", .tokenInvalid) { try await change($0.full, auth: "x") },
            row("changeGuestPassword", .badPassword) { try await change($0.full) },
            row("changeGuestPassword", .passwordPolicy) { try await change($0.full, old: password, new: "short") },
            row("changeGuestPassword", .lockedOut) { stages in
                try await last(of: 2) { try await change(stages.locked) }
            },
            row("loginGuest", .guestsNotAllowed) { try await login($0.bare) },
            row("loginGuest", .badPassword) { try await login($0.full) },
            row("loginGuest", .lockedOut) { try await login($0.locked) },
        ]
    }

    private static func mailRows() -> [Row] {
        var rows: [Row] = []
        let letter = TestMail.make(from: "alice@example.org", to: "alice@example.org")
        let long = letter + [UInt8](repeating: 0x41, count: 10_000)
        func send(
            _ stage: ErrorStage, _ mail: [UInt8], from name: String = "alice", as address: String? = nil,
            to recipient: String = "alice@example.org", sign: Bool = false, token: String? = nil,
            session: String? = nil
        ) async throws -> TestReply {
            let order = try ErrorStage.json(["recipients": [["email": recipient]], "encrypt": !sign, "sign": sign])
            var parts = [("file", mail), ("json", Array(order.utf8))]
            if let token { parts.append(("guardAuth", Array(token.utf8))) }
            if let session { parts.append(("session", Array(session.utf8))) }
            let sender = ["fromName": "", "email": address ?? "\(name)@example.org", "isGuest": "false"]
            return try await stage.client.reply(
                "encryptMail", query: stage.user(name).merging(sender) { $1 }, parts: parts)
        }
        for (code, mail) in [(GuardErrorCode.notMIME, [0, 1, 2] as [UInt8]), (.mailTooLarge, long)] {
            for id in ["verifyPgpMail", "verifyMail", "encryptPgpMailForUser"] {
                rows.append(
                    row(id, code) { stages in
                        try await stages.full.client.reply(
                            id, query: stages.full.user("alice"), parts: [("file", mail)])
                    })
            }
            rows.append(row("encryptMail", code) { try await send($0.full, mail) })
        }
        rows += [
            row("encryptPgpMailForUser", .recipientWithoutKey) { stages in
                try await stages.full.client.reply(
                    "encryptPgpMailForUser", query: stages.full.user("bob"), parts: [("file", letter)])
            },
            row("encryptMail", .recipientWithoutKey) { try await send($0.full, letter, to: "x@elsewhere.example") },
            row("encryptMail", .privateKeyMissing) { try await send($0.full, letter, from: "bob", sign: true) },
            row("encryptMail", .notAllowed) { try await send($0.full, letter, as: "bob@example.org") },
            row("encryptMail", .tokenInvalid) {
                try await send($0.full, letter, sign: true, token: "x", session: $0.full.session("alice"))
            },
            row("encryptMail", .sessionInvalid) {
                try await send($0.full, letter, sign: true, token: "x", session: "x")
            },
        ]
        return rows
    }

    private static func supportRows() -> [Row] {
        func desk(_ id: String, _ stage: ErrorStage, _ query: [String: String]) async throws -> TestReply {
            try await stage.client.reply(id, query: query)
        }
        func upgrade(_ stage: ErrorStage, to user: String) async throws -> TestReply {
            let numbers = try stage.user(user)
            return try await desk(
                "supportUpgradeGuest", stage,
                ["email": "wanda@partner.example", "user_id": numbers["user"] ?? "", "cid": numbers["context"] ?? ""])
        }
        func exposed(_ stage: ErrorStage, _ token: String) async throws -> TestReply {
            try await stage.client.reply(
                "downloadExposedKeys", query: ["token": token], form: ["password": wrong])
        }
        return [
            row("supportExposeDeletedKeys", .keyNotFound) { stages in
                _ = try stages.full.session("bob")
                return try await desk("supportExposeDeletedKeys", stages.full, ["email": "bob@example.org"])
            },
            row("supportRemoveGuestPin", .guestRefused) {
                try await desk("supportRemoveGuestPin", $0.full, ["email": "alice@example.org"])
            },
            row("supportUpgradeGuest", .guestRefused) {
                try await desk("supportUpgradeGuest", $0.full, ["email": "alice@example.org"])
            },
            row("supportUpgradeGuest", .privateKeyMissing) { try await upgrade($0.full, to: "bob") },
            row("supportUpgradeGuest", .mailNotSent) { stages in
                let box = stages.full.outbox.isBroken
                box.withLock { $0 = true }
                defer { box.withLock { $0 = false } }
                return try await upgrade(stages.full, to: "alice")
            },
            row("supportUpgradeGuest", .keyNotUsable) { stages in
                // Mail that waits cannot be encrypted to a key that is revoked.
                try await stages.full.makeKey("rita")
                _ = try stages.full.succeed(
                    await stages.full.client.reply(
                        "revokeKey", stages.full.session("rita"),
                        form: ["keyid": stages.full.keyIDs["rita"] ?? "", "password": password]))
                return try await upgrade(stages.full, to: "rita")
            },
            row("downloadExposedKeys", .badPassword) { try await exposed($0.full, $0.exposed) },
            row("downloadExposedKeys", .lockedOut) { stages in
                let token = try await stages.locked.expose("erin")
                return try await last(of: 2) { try await exposed(stages.locked, token) }
            },
        ]
    }
}
