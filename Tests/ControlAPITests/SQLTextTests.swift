import Foundation
import Guard
import Libcrypto
import MIME
import OpenPGP
import TestSupport
import Testing

@testable import ControlAPI
@testable import KeyStore

/// Text that would mean something to an SQL engine, in every text parameter of every operation, one at a time: it is text,
/// and nothing changes in the store but what the operation is for.
@Suite struct SQLTextTests {
    private static let texts = [
        "'; DROP TABLE account; --", "\" UNION SELECT sealed FROM auth_token --", "x' OR '1'='1", "%_*?[a-z]\\",
        "$1:id@x?1{}$$;COMMIT;", "'||pg_sleep(9)||'",
    ]
    /// The same as addresses.
    private static let addresses = [
        "'or'1'='1@example.org", "%@example.org", "_____@example.org", "\"'; DROP TABLE account; --\"@example.org",
        "alice@example.org'--", "alice'--@example.org",
    ]
    private static let addressNames: Set<String> = ["email", "username", "search", "contactID", "default"]
    /// Tables of bookkeeping.
    private static let always: Set<String> = ["audit", "password_guess", "store_change", "password_key"]
    private static let accounts: Set<String> = ["mail_domain", "account"]
    private static let rings: Set<String> = [
        "account", "key_ring", "certificate", "certificate_key", "certificate_user_id", "directory_entry",
    ]
    /// What an operation may change while its text is hostile.
    private static let own: [String: Set<String>] = [
        "openControlSession": accounts.union(["control_session"]),
        "createPgpKeyRing": rings,
        "loginForGuardToken": ["auth_token"],
        "setSecondaryEmail": ["account"],
        "addUserIdToKeyRing": rings,
        "requestGuestPasswordReset": ["guest_link"],
        // Accounts that openControlSession made.
        "supportExposeDeletedKeys": ["account"],
    ]

    /// Every row of every table.
    private func dump(_ store: KeyStore) throws -> [String: [String]] {
        var dump: [String: [String]] = [:]
        for table in Schema.tables {
            dump[table.name] = try store.database.read { connection in
                try connection.rows("SELECT * FROM \(table.name)").map { "\($0.names) \($0.values)" }.sorted()
            }
        }
        return dump
    }

    private func run(_ location: String?) async throws {
        var options = ControlOptions()
        options.supportUsers = [0]
        options.mailUsers = [0]
        options.trustedUsers = [0]
        var settings = GuardSettings()
        settings.passwords.failuresBeforeLock = 2
        settings.guests.areAllowed = true
        var ports = GuardPorts()
        ports.crypto = SigningCrypto()
        let fixture = try ControlFixture(options: options, settings: settings, ports: ports, store: location)
        let session = try fixture.session("alice@example.org")
        for address in ["alice", "bob"] {
            let session = address == "alice" ? session : try fixture.session("\(address)@example.org")
            let made = await fixture.post(
                "/oxguard/keys?action=create&session=\(session)", form: ["name": address, "password": "correct horse"])
            #expect(made.code == nil, "\(made.text)")
            let other = try SecretCertificate.generate(
                userIDs: ["<carol@elsewhere.example>"], at: Timestamp(1_763_000_000))
            let kept = await fixture.post(
                "/oxguard/keys?action=uploadExternalPublicKey&session=\(session)",
                parts: [("key", other.certificate.armored())])
            #expect(kept.code == nil, "\(kept.text)")
        }
        let document = try OpenAPIDocument()
        var sampler = RequestSampler(fixture: fixture, session: session)
        for name in Self.addressNames { sampler.samples[name] = "bob@example.org" }
        for name in ["password", "newpass", "oldpass", "newPassword", "keyPassword"] {
            sampler.samples[name] = "wrong horse battery"
        }
        sampler.samples["json"] = "{}"
        // What changes something with likely values is no subject here: the text is.
        sampler.samples["op"] = "get"
        var before = try dump(fixture.store)
        #expect(before["key_ring"]?.count == 2 && before["external_ring"]?.count == 2)
        for operation in document.operations
        where !["closeControlSession", "destroyGuardSessions"].contains(operation.id) {
            for name in sampler.textParameters(of: operation, document) {
                let texts = Self.texts + (Self.addressNames.contains(name) ? Self.addresses : [])
                for text in texts {
                    let reply = await sampler.send(operation, document, name, text)
                    let what = "\(operation), \(name), \(text)"
                    #expect(reply.status < 500, "\(what): \(reply.text.prefix(300))")
                    #expect(!reply.text.contains("BEGIN PGP PRIVATE"), "\(what)")
                    let after = try dump(fixture.store)
                    for (table, rows) in after where rows != before[table] {
                        let mayChange = Self.always.union(Self.own[operation.id] ?? []).contains(table)
                        #expect(mayChange, "\(what): \(table) changed")
                        // Nothing that was there goes, except that an account's row is another one after its change.
                        let lost = Set(before[table] ?? []).subtracting(rows)
                        #expect(
                            Self.always.contains(table) || lost.isEmpty || rows.count >= (before[table]?.count ?? 0),
                            "\(what): \(lost) went")
                    }
                    before = after
                }
            }
        }
        // Patterns find nobody.
        for search in ["%@example.org", "_lice@example.org", "*", "%", "0x%"] {
            #expect(await fixture.get("/pgp/lookup?op=get&search=\(search.formEncoded)").status == 404, "\(search)")
        }
        let rings = await fixture.get("/oxguard/keys?action=getKeys&session=\(session)")
        #expect(rings.code == nil && rings.text.contains("alice <alice@example.org>"))
    }

    @Test func textIsTextInSQLite() async throws { try await run(nil) }

    @Test func textIsTextInPostgreSQL() async throws {
        let name = "sqltext" + UUID().uuidString.lowercased().replacing("-", with: "")
        try await run(PostgresServer.shared().makeSchema(name))
    }
}
