import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite struct Inbound {
        let lab: Lab
        init() throws { lab = try Lab.shared.get() }

        /// Our verdict fields on what arrived, and nobody else's under our name.
        func verdict(_ mail: [UInt8], from sender: String) throws -> [String] {
            let arrived = try lab.delivered(lab.sendIn(from: sender, to: People.alice, mail))
            return arrived.parts.values("Authentication-Results").filter { $0.contains(GuardDaemon.authservID) }
        }

        static let entity = Array("Content-Type: text/plain; charset=us-ascii\r\n\r\nI owe you ten.\r\n".utf8)

        @Test func goodSignatureOfAKnownKeyPasses() throws {
            let mail = try TestMail.signed(
                entity: Self.entity, from: People.dora, to: People.alice, with: lab.keys.theirs)
            let results = try verdict(mail, from: People.dora)
            #expect(results.count == 1 && results[0].contains("pgp=pass"), "\(results)")
        }

        @Test func changedMailFails() throws {
            let mail = try TestMail.signed(
                entity: Self.entity, from: People.dora, to: People.alice, with: lab.keys.theirs)
            let changed = String(decoding: mail, as: UTF8.self).replacingOccurrences(
                of: "owe you ten", with: "owe you six")
            let results = try verdict(Array(changed.utf8), from: People.dora)
            #expect(results.count == 1 && results[0].contains("pgp=fail"), "\(results)")
        }

        @Test func unsignedMailIsNone() throws {
            let results = try verdict(TestMail.make(from: People.dora, to: People.alice), from: People.dora)
            #expect(results.count == 1 && results[0].contains("pgp=none"), "\(results)")
        }

        @Test func unknownKeyIsNeutral() throws {
            let mail = try TestMail.signed(
                entity: Self.entity, from: People.eve, to: People.alice, with: lab.keys.theirs)
            let results = try verdict(mail, from: People.eve)
            #expect(results.count == 1 && results[0].contains("pgp=neutral"), "\(results)")
        }

        /// A right signature by somebody else than the From field names.
        @Test func otherSignerDoesNotPass() throws {
            let mail = try TestMail.signed(
                entity: Self.entity, from: "ceo@known.test", to: People.alice, with: lab.keys.theirs,
                signer: People.dora)
            let results = try verdict(mail, from: "ceo@known.test")
            #expect(results.count == 1 && !results[0].contains("pgp=pass"), "\(results)")
        }

        @Test func forgedVerdictsAreRemoved() throws {
            let id = GuardDaemon.authservID
            let forged = [
                "Authentication-Results: \(id); pgp=pass", "AUTHENTICATION-RESULTS:\(id.uppercased()) ; pgp=pass",
                "Authentication-Results: \"\(id)\"; pgp=pass",
                "Authentication-Results: (a (b) c)\r\n \(id) 1; pgp=pass",
                "Authentication-results:\r\n\t\(id)\r\n\t;pgp=pass",
                "Authentication-Results : \(id); pgp=pass", "Authentication-Results\t: \(id); pgp=pass",
                "Guardd-Verdict: pass; protocol=openpgp; encrypted=no; reason=none", "GUARDD-VERDICT : pass;",
            ]
            let other = "Authentication-Results: other.example; dkim=pass"
            for recipient in [People.alice, "x@never.test"] {
                let mail = TestMail.make(from: People.dora, to: recipient, fields: forged + [other])
                let reply =
                    recipient == People.alice
                    ? try lab.sendIn(from: People.dora, to: recipient, mail)
                    : try lab.sendOut(
                        to: [recipient], TestMail.make(from: People.alice, to: recipient, fields: forged + [other]))
                let arrived = try lab.delivered(reply)
                let values = arrived.parts.values("Authentication-Results")
                #expect(values.contains { $0.contains("other.example") })
                #expect(!values.contains { $0.contains("pgp=pass") }, "\(values)")
                #expect(!arrived.parts.values("Guardd-Verdict").contains { $0.contains("pass;") })
                // Whatever stands before the colon.
                #expect(!arrived.text.contains("pgp=pass") && !arrived.text.contains("VERDICT :"), "\(arrived.text)")
            }
        }

        /// Mail from outside to somebody who is not ours: `required` holds though the direction looks inbound.
        @Test func requiredHoldsForOutsideRecipients() throws {
            let mail = TestMail.make(from: People.dora, to: People.bob, body: "secret words\r\n")
            let reply = try lab.sendIn(from: People.dora, to: People.bob, mail)
            if reply.isPositive { #expect(!(try lab.delivered(reply)).text.contains("secret words")) }
        }
    }
}
