import CMS
import Guard
import HTTPTypes
import Libcrypto
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@testable import ControlAPI

/// What a user can learn of another's keys, and what text can do that is no text.
@Suite struct AttackTests {
    private static let password = "correct horse battery"

    /// Without the number of the occurrence.
    private func plain(_ reply: TestReply) -> String {
        reply.text.replacing(/"error_id":"[^"]*"/, with: "")
    }

    /// Another user's key is refused by every operation as one that does not exist: the same answer, the same steps.
    @Test func anotherUsersKeysDoNotExist() async throws {
        let fixture = try ControlFixture()
        let alice = try fixture.session("alice@example.org")
        let mallory = try fixture.session("mallory@example.org")
        for session in [alice, mallory] {
            let made = await fixture.post(
                "/oxguard/keys?action=create&session=\(session)", form: ["name": "x", "password": Self.password])
            #expect(made.code == nil, "\(made.text)")
        }
        let rings = await fixture.get("/oxguard/keys?action=getKeys&session=\(alice)")
        guard
            case .integer(let id)? = rings.json?["data"]?["keyRings"]?.array?.first?["publicRing"]?["keys"]?.array?
                .first?["id"]
        else { throw TestFailure("no key: \(rings.text)") }
        let bob = try SecretCertificate.generate(userIDs: ["<bob@elsewhere.example>"], at: Timestamp(1_763_000_000))
        let uploaded = await fixture.post(
            "/oxguard/keys?action=uploadExternalPublicKey&session=\(alice)",
            parts: [("key", bob.certificate.armored())])
        let ids = try #require(uploaded.json?["data"]?["externalPublicKeyRings"]?.array?.first?["ids"]?.text)

        for (action, form) in [
            ("delete", ["password": Self.password]), ("getKey", [:]),
            ("getKey", ["keyType": "public_private", "password": Self.password]),
            ("downloadKey", [:]), ("addUserId", ["name": "x", "email": "x@example.org", "password": Self.password]),
            ("setCurrentKey", [:]), ("revoke", ["password": Self.password]),
        ] {
            _ = fixture.steps.take()
            let target = "/oxguard/keys?action=\(action)&session=\(mallory)"
            let other = await fixture.post(target, form: form.merging(["keyid": String(id)]) { $1 })
            let otherSteps = fixture.steps.take()
            let absent = await fixture.post(target, form: form.merging(["keyid": "1234567"]) { $1 })
            #expect(other.code == "GRD-KEY-0001", "\(action): \(other.text)")
            #expect(plain(other) == plain(absent) && other.status == absent.status, "\(action)")
            #expect(otherSteps == fixture.steps.take(), "\(action)")
        }
        for (action, form) in [
            ("inlineExternalPublicKey", ["inline": "true"]), ("shareExternalPublicKey", ["share": "true"]),
            ("deleteExternalPublicKey", [:]), ("verifyAutocrypt", ["verified": "true"]),
        ] {
            _ = fixture.steps.take()
            let target = "/oxguard/keys?action=\(action)&session=\(mallory)"
            let other = await fixture.post(target, form: form.merging(["keyids": ids]) { $1 })
            let otherSteps = fixture.steps.take()
            let absent = await fixture.post(target, form: form.merging(["keyids": String(ids.reversed())]) { $1 })
            #expect(other.code == "GRD-KEY-0001", "\(action): \(other.text)")
            #expect(plain(other) == plain(absent) && other.status == absent.status, "\(action)")
            #expect(otherSteps == fixture.steps.take(), "\(action)")
        }
        let still = await fixture.get("/oxguard/keys?action=getKeys&session=\(alice)")
        #expect(still.text == rings.text)
    }

    /// So is another user's certificate.
    @Test func anotherUsersCertificatesDoNotExist() async throws {
        let house = try CertificateAuthority.create(
            name: try #require(CertificateName(commonName: "House")), key: .generate(.p256), at: 1_763_000_000,
            days: 3650)
        var ports = GuardPorts()
        ports.certificates = AuthorityIssuer(house, days: 365)
        ports.smimeTrust = SMIMETrust(store: try TrustStore([house.certificate]))
        var settings = GuardSettings()
        settings.certificates.keyKind = .p256
        let fixture = try ControlFixture(settings: settings, ports: ports)
        let alice = try fixture.session("alice@example.org")
        let mallory = try fixture.session("mallory@example.org")
        var serials: [String] = []
        for session in [alice, mallory] {
            let made = await fixture.post(
                "/oxguard/certificates?action=create&session=\(session)", form: ["password": Self.password])
            serials.append(try #require(made.json?["data"]?["serial"]?.text, "\(made.text)"))
        }
        let before = await fixture.get("/oxguard/certificates?action=getCertificates&session=\(alice)")
        let last = try #require(serials[0].last)
        let absentSerial = serials[0].dropLast() + (last == "1" ? "2" : "1")
        for (action, form) in [("setCurrent", [:]), ("delete", ["password": Self.password])] {
            let target = "/oxguard/certificates?action=\(action)&session=\(mallory)"
            _ = fixture.steps.take()
            let other = await fixture.post(target, form: form.merging(["serial": serials[0]]) { $1 })
            let otherSteps = fixture.steps.take()
            let absent = await fixture.post(target, form: form.merging(["serial": String(absentSerial)]) { $1 })
            #expect(other.code == "GRD-CRT-0001", "\(action): \(other.text)")
            #expect(plain(other) == plain(absent) && other.status == absent.status, "\(action)")
            #expect(otherSteps == fixture.steps.take(), "\(action)")
        }
        let after = await fixture.get("/oxguard/certificates?action=getCertificates&session=\(alice)")
        #expect(after.text == before.text)
    }

    /// SQL, paths, line ends and zeros in every parameter of every operation: refused or not found, and the store is whole.
    @Test func hostileTextIsText() async throws {
        let document = try OpenAPIDocument()
        var options = ControlOptions()
        options.supportUsers = [0]
        options.mailUsers = [0]
        options.trustedUsers = [0]
        let fixture = try ControlFixture(options: options)
        let session = try fixture.session("alice@example.org")
        let peer = Peer.local(user: 0, group: 0, process: 1)
        for evil in [
            "'; DROP TABLE account; --", "\" OR \"\"=\"", "../../../etc/passwd", "a\r\nBcc: x@example.org", "a\0b",
            "%00", "\u{202E}x", String(repeating: "A", count: 70_000), "{\"$gt\":\"\"}",
        ] {
            for operation in document.operations
            where operation.id != "closeControlSession" && operation.id != "destroyGuardSessions" {
                let members = operation.body.values.first?["properties"] as? [String: Any] ?? [:]
                var target = operation.target
                var query: [String] = []
                for parameter in operation.parameters {
                    let value = parameter.name == "session" ? session : evil.formEncoded
                    if parameter.place == "path" {
                        target = target.replacing("{\(parameter.name)}", with: value)
                    } else {
                        query.append("\(parameter.name)=\(value)")
                    }
                }
                if !query.isEmpty { target += (target.contains("?") ? "&" : "?") + query.joined(separator: "&") }
                let reply: TestReply
                if members.isEmpty {
                    reply = await fixture.request(operation.method, target, peer: peer)
                } else {
                    let form = Dictionary(uniqueKeysWithValues: members.keys.map { ($0, evil) })
                    reply = await fixture.post(target, form: form, peer: peer)
                }
                #expect(reply.status != 500 && reply.status != 503, "\(operation): \(reply.text.prefix(300))")
                for field in reply.reply.fields {
                    #expect(!field.value.contains("\n") && !field.value.contains("\0"), "\(operation) \(field.name)")
                }
            }
        }
        #expect(await fixture.get("/oxguard/keys?action=hasKeys&session=\(session)").status == 200)
    }

    /// Sessions cannot be guessed without end, nor used after they were closed.
    @Test func sessionsAreGuessedInVain() async throws {
        let fixture = try ControlFixture()
        let peer = Peer.local(user: 1000, group: 1000, process: 1)
        for number in 0..<100 {
            let reply = await fixture.get("/oxguard/keys?action=hasKeys&session=guess\(number)", peer: peer)
            #expect(reply.code == "GRD-AUTH-0001")
        }
        let last = await fixture.get("/oxguard/keys?action=hasKeys&session=guess", peer: peer)
        #expect(last.reply.fields[.retryAfter] != nil)
        let session = try fixture.session("alice@example.org")
        #expect(await fixture.post("/guardd/session?action=close&session=\(session)").code == nil)
        #expect(await fixture.get("/oxguard/keys?action=hasKeys&session=\(session)").code == "GRD-AUTH-0001")
    }
}
