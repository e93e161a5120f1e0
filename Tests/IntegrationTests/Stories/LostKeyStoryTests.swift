import Foundation
import KeyStore
import Libcrypto
import MIME
import TestSupport
import Testing

extension Integration {
    @Suite struct LostKeyStory {
        /// Mail to a key that its owner deleted is read with what the support desk exposes, while it is exposed.
        @Test func theDeskBringsADeletedKeyBack() throws {
            let (address, password) = ("lena@guard.test", "correct horse battery")
            let lab = try StoryLab(rules: [
                .init("required", recipient: "*", encrypt: "required", sign: "never", missingKey: "refuse")
            ])
            let session = try lab.session(address)
            let made = try lab.post(
                "/oxguard/keys?action=create&session=\(session)", form: ["name": "Lena", "password": password])
            #expect(made.isSuccess, "\(made.text)")
            let data = try #require(made.object?["data"] as? [String: Any])
            let keys = try #require((data["publicRing"] as? [String: Any])?["keys"] as? [[String: Any]])
            let keyID = try #require(keys.first?["id"] as? NSNumber)
            let old = try lab.delivered(lab.send(from: "alice@guard.test", to: address, body: "Keep this.\r\n"))
            let deleted = try lab.post(
                "/oxguard/keys?action=delete&session=\(session)",
                form: ["keyid": keyID.stringValue, "password": password])
            #expect(deleted.isSuccess, "\(deleted.text)")
            #expect(try lab.send(from: "alice@guard.test", to: address).code == 550)

            let answer = try JSONSerialization.jsonObject(
                with: Data(try lab.guardd.control(["support", "expose-key", address])))
            let url = try #require((answer as? [String: Any])?["url"] as? String)
            let path = try #require(URL(string: url)?.path)
            let locked = try lab.get(path)
            #expect(locked.text.hasPrefix("-----BEGIN PGP PRIVATE KEY BLOCK-----"), "\(locked.text)")
            #expect(try lab.post(path).body == locked.body)
            #expect(try lab.post(path, form: ["password": password + "!"]).code == "PGP-CORE-0003")
            let readable = try lab.post(path, form: ["password": password])
            #expect(readable.text.hasPrefix("-----BEGIN PGP PRIVATE KEY BLOCK-----"), "\(readable.text)")
            let home = try GnuPGHome()
            try home.importKey(readable.body)
            #expect(try home.body(of: old, password: password) == "Keep this.\r\n")

            // The end of the exposure, which is an hour away at least.
            let token = try #require(path.split(separator: "/").last)
            let digest = try Digest.hash(.sha256, octets(String(token)))
            let store = try KeyStore(path: lab.guardd.store, master: MasterKey.load(path: lab.guardd.masterKey))
            let mailbox = try #require(EmailAddress(address))
            let account = try #require(try store.account(for: mailbox))
            let count = try store.changeAccount(account.id, audit: nil) { connection in
                try store.exposeDeletedRings(
                    of: account.id, exposure: digest, until: Int64(Date.now.timeIntervalSince1970) - 1, in: connection)
            }
            try store.close()
            #expect(count == 1)
            #expect(try lab.get(path).status == 404)
            #expect(try lab.post(path, form: ["password": password]).status == 404)
        }

        private func octets(_ hexadecimal: String) -> [UInt8] {
            let digits = hexadecimal.compactMap(\.hexDigitValue)
            return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        }
    }
}
