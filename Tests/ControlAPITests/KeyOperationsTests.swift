import Guard
import KeyStore
import MIME
import OpenPGP
import TestSupport
import Testing

@testable import ControlAPI

struct KeyOperationsTests {
    private static let keys = "/oxguard/keys?action="

    private func create(_ fixture: ControlFixture, _ session: String) async throws -> JSONValue {
        let reply = await fixture.post(
            Self.keys + "create&session=\(session)", form: ["name": "Alice Å", "password": "a good password"])
        #expect(reply.status == 200 && reply.code == nil, "\(reply.text)")
        return try #require(reply.json?["data"])
    }

    @Test func aUserMakesFetchesAndDeletesAKey() async throws {
        let fixture = try ControlFixture()
        let session = try fixture.session("alice@example.org")
        let presence = await fixture.get(Self.keys + "hasKeys&session=\(session)").json?["data"]
        #expect(presence?["hasPrivateKey"] == .bool(false) && presence?["hasPublicKey"] == .bool(false))
        let made = try await create(fixture, session)
        #expect(made["current"] == .bool(true))
        let mailbox = try #require(EmailAddress("alice@example.org"))
        let account = try #require(try fixture.store.account(for: mailbox))
        let ring = try #require(try fixture.store.currentRing(of: account.id))
        // IDs are signed: half of them are negative, and they come back as they went out.
        let id = Int64(bitPattern: ring.certificate.keyID.value)
        for written in ["\(id)", "0x" + ring.certificate.keyID.hex, "0x" + ring.certificate.keyID.hex.lowercased()] {
            let reply = await fixture.get(Self.keys + "getKey&session=\(session)&keyid=\(written)")
            #expect(reply.text.contains("\"id\":\(id)"), "\(reply.text)")
            #expect(reply.text.contains("BEGIN PGP PUBLIC") && !reply.text.contains("BEGIN PGP PRIVATE"))
        }
        #expect(
            await fixture.post(Self.keys + "getKey&session=\(session)", form: ["keyType": "private"]).code
                == "GRD-REQ-0001")
        #expect(
            await fixture.post(
                Self.keys + "getKey&session=\(session)", form: ["keyType": "private", "password": "wrong password"]
            ).code == "PGP-CORE-0003")
        let file = await fixture.post(
            Self.keys + "downloadKey&session=\(session)", form: ["password": "a good password"])
        #expect(file.text.contains("BEGIN PGP PUBLIC") && file.text.contains("BEGIN PGP PRIVATE"))
        #expect(file.reply.fields[.contentType] == "application/pgp-keys")

        let signatures = await fixture.get(Self.keys + "getSignatures&session=\(session)&keyid=\(id)&subkeys=true")
        #expect(signatures.text.contains("\"verified\":true") && !signatures.text.contains("\"verified\":false"))
        #expect(
            await fixture.post(
                Self.keys + "delete&session=\(session)", form: ["keyid": "\(id)", "password": "a good password"]
            ).text == "{}")
        #expect(await fixture.get(Self.keys + "getKey&session=\(session)").code == "GRD-KEY-0001")
    }

    @Test func directoriesServeOurOwnUsers() async throws {
        let fixture = try ControlFixture()
        _ = try await create(fixture, fixture.session("alice@example.org"))
        let block = await fixture.get("/pgp/lookup?op=get&options=mr&search=alice%40example.org")
        #expect(block.status == 200 && block.text.hasPrefix("-----BEGIN PGP PUBLIC KEY BLOCK-----"))
        #expect(block.reply.fields[.contentType] == "application/pgp-keys")
        let index = await fixture.get("/pks/lookup?op=index&options=mr&search=alice%40example.org")
        #expect(index.text.hasPrefix("info:1:1\npub:"))
        #expect(index.text.hasSuffix("uid:Alice %C3%85 <alice@example.org>:::\n"))
        #expect(index.reply.fields[.contentType]?.hasPrefix("text/plain") == true)
        #expect(await fixture.get("/pgp/lookup?op=get&search=bob%40example.org").status == 404)
        #expect(await fixture.get("/pgp/lookup?op=vanish&search=alice%40example.org").status == 400)
        let hash = try DirectoryHash.of("alice")
        let key = await fixture.get("/hu/\(hash)?l=alice")
        #expect(key.status == 200 && key.reply.fields[.contentType] == "application/octet-stream")
        #expect(try Certificate(parsing: key.reply.body).userIDs.count == 1)
        #expect(await fixture.get("/hu/\(try DirectoryHash.of("bob"))").status == 404)
    }

    @Test func keysOfOthersAreKept() async throws {
        let fixture = try ControlFixture()
        let session = try fixture.session("alice@example.org")
        let carol = try SecretCertificate.generate(
            userIDs: ["Carol <carol@partner.example>"], at: Timestamp(1_700_000_000))
        let query = "&session=\(session)"
        let uploaded = await fixture.post(
            Self.keys + "uploadExternalPublicKey" + query, parts: [("key", carol.certificate.armored())])
        #expect(uploaded.text.contains("\"owned\":true") && uploaded.text.contains("\"shareLevel\":0"))
        let handle = carol.fingerprint.hex
        #expect(uploaded.text.contains("\"ids\":\"\(handle)\""))
        for form in [["keyids": handle, "inline": "true"], ["keyids": handle, "share": "true"]] {
            let action = form["inline"] == nil ? "shareExternalPublicKey" : "inlineExternalPublicKey"
            #expect(await fixture.post(Self.keys + action + query, form: form).text == "{}")
        }
        let found = await fixture.get(Self.keys + "getRecipKey&email=carol%40partner.example" + query)
        #expect(
            found.text.contains("\"name\":\"GUARD_USER_UPLOADED\",\"trustLevel\":4,\"trusted\":true")
                || found.text.contains("\"trusted\":true"))
        let contact = await fixture.get(
            Self.keys + "getContactKeys&contactFolder=mail&contactID=carol%40partner.example" + query)
        #expect(contact.text.contains("\"inline\":true"))
        let other = try fixture.session("bob@example.org")
        let shared = await fixture.get(Self.keys + "getExternalPublicKeys&session=\(other)")
        #expect(shared.text.contains("\"owned\":false") && shared.text.contains("\"shared\":true"))
        #expect(
            await fixture.post(
                Self.keys + "deleteExternalPublicKey&session=\(other)", form: ["keyids": handle]
            ).code == "GRD-KEY-0001")
        #expect(
            await fixture.post(
                Self.keys + "deleteExternalPublicKey" + query, form: ["keyids": handle]
            ).text == "{}")
        #expect(await fixture.get(Self.keys + "getRecipKey&email=carol%40partner.example" + query).text == "{}")
    }

    @Test func headersOfMailAreTaken() async throws {
        let fixture = try ControlFixture()
        let session = try fixture.session("alice@example.org")
        let carol = try SecretCertificate.generate(
            userIDs: ["Carol <carol@partner.example>"], at: Timestamp(1_700_000_000))
        let armor = String(decoding: carol.certificate.armored(), as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        let keydata = armor.dropFirst().dropLast(2).filter { !$0.isEmpty && !$0.hasPrefix("=") && !$0.contains(":") }
            .joined().replacing("-----ENDPGPPUBLICKEYBLOCK-----", with: "")
        let form = [
            "header": "addr=carol@partner.example; prefer-encrypt=mutual; keydata=\(keydata)",
            "sent_date": "Mon, 24 Nov 2025 16:00:00 +0100", "add": "true",
        ]
        let added = await fixture.post(Self.keys + "importAutocrypt&session=\(session)", form: form)
        #expect(added.text.contains("\"added\":true") && added.text.contains("\"new\":true"), "\(added.text)")
        let listed = await fixture.get(Self.keys + "getExternalPublicKeys&keyType=autocrypt&session=\(session)")
        #expect(listed.text.contains(carol.fingerprint.hex))
        // The one place where `keyids` is a fingerprint.
        let verified = await fixture.post(
            Self.keys + "verifyAutocrypt&session=\(session)",
            form: ["keyids": carol.fingerprint.hex, "verified": "true"])
        #expect(verified.text.contains("\"new\":false"))
        let bad = await fixture.post(
            Self.keys + "importAutocrypt&session=\(session)", form: form.merging(["sent_date": "soon"]) { $1 })
        #expect(bad.code == "GRD-REQ-0004")
    }
}
