import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite struct CorrespondentKeyStory {
        /// A correspondent's key counts from its upload to its deletion, for the user who keeps it.
        @Test func anUploadedKeyCountsUntilItIsDeleted() throws {
            let (address, bob) = ("alice@guard.test", "bob@partner.test")
            let lab = try StoryLab(rules: [
                .init("required", recipient: "*", encrypt: "required", sign: "never", missingKey: "refuse")
            ])
            let home = try GnuPGHome()
            try home.generate(bob)
            let session = try lab.session(address)
            #expect(try lab.send(from: address, to: bob).code == 550)

            let uploaded = try lab.post(
                "/oxguard/keys?action=uploadExternalPublicKey&session=\(session)",
                parts: [("key", home.publicKey(bob))])
            #expect(uploaded.isSuccess, "\(uploaded.text)")
            let ids = try #require(try rings(uploaded).first?["ids"] as? String)
            func isRead(_ text: String, isInline: Bool = false) throws {
                let arrived = try lab.delivered(lab.send(from: address, to: bob, body: text + "\r\n"))
                let type = arrived.parts.value("Content-Type") ?? ""
                #expect(type.hasPrefix(isInline ? "text/plain" : "multipart/encrypted"), "\(arrived.text)")
                #expect(!arrived.text.contains(text))
                let opened = try home.decrypt(try #require(arrived.parts.armor))
                #expect(String(decoding: opened, as: UTF8.self).contains(text))
            }
            try isRead("To the uploaded key.")
            #expect(try lab.send(from: "carl@guard.test", to: bob).code == 550)

            for isInline in [true, false] {
                let set = try lab.post(
                    "/oxguard/keys?action=inlineExternalPublicKey&session=\(session)",
                    form: ["keyids": ids, "inline": String(isInline)])
                #expect(set.isSuccess, "\(set.text)")
                let listed = try lab.get("/oxguard/keys?action=getExternalPublicKeys&session=\(session)")
                #expect(try rings(listed).map { $0["inline"] as? Bool } == [isInline])
                try isRead("Inline or not.", isInline: isInline)
            }

            let deleted = try lab.post(
                "/oxguard/keys?action=deleteExternalPublicKey&session=\(session)", form: ["keyids": ids])
            #expect(deleted.isSuccess, "\(deleted.text)")
            #expect(try lab.send(from: address, to: bob).code == 550)
            #expect(try rings(lab.get("/oxguard/keys?action=getExternalPublicKeys&session=\(session)")).isEmpty)
        }

        private func rings(_ reply: StoryReply) throws -> [[String: Any]] {
            let data = try #require(reply.object?["data"] as? [String: Any], "\(reply.text)")
            return try #require(data["externalPublicKeyRings"] as? [[String: Any]], "\(reply.text)")
        }
    }
}
