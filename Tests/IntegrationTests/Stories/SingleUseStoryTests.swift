import Foundation
import Libcrypto
import TestSupport
import Testing

extension Integration {
    @Suite struct SingleUseStory {
        /// However many ask at once, a token for a single use signs one message.
        @Test func oneOfFiftySigns() throws {
            let (address, password) = ("tom@guard.test", "correct horse battery")
            let lab = try StoryLab(rules: [.init("sign", recipient: "*", encrypt: "never", sign: "if-key")])
            let opened = try lab.post("/guardd/session?action=open", json: ["email": address])
            let data = try #require(opened.object?["data"] as? [String: Any], "\(opened.text)")
            let session = try #require(data["session"] as? String)
            let made = try lab.post(
                "/oxguard/keys?action=create&session=\(session)", form: ["name": "Tom", "password": password])
            #expect(made.isSuccess, "\(made.text)")
            let attached = try lab.post(
                "/oxguard/auth?action=login&type=PGP&session=\(session)",
                json: ["password": password, "minutesValid": -1])
            let token = try #require(
                (attached.object?["data"] as? [String: Any])?["auth"] as? String, "\(attached.text)")
            let user = try "user=\(#require(data["user"] as? Int))&context=\(#require(data["context"] as? Int))"
            let mail = TestMail.make(from: address, to: "x@elsewhere.test", body: "From Tom.\r\n")
            let replies = Lock<[StoryReply]>([])
            let group = DispatchGroup()
            for _ in 0..<50 {
                group.enter()
                // Not a queue: that would start no more of them than there are processors.
                Thread.detachNewThread {
                    defer { group.leave() }
                    let reply = try? lab.post(
                        "/oxguard/mail?action=encrypt&\(user)&fromName=Tom&email=\(address)&isGuest=false",
                        parts: [
                            ("file", mail), ("json", Array("{\"encrypt\":false,\"sign\":true,\"type\":\"PGP\"}".utf8)),
                            ("guardAuth", Array(token.utf8)), ("session", Array(session.utf8)),
                        ])
                    if let reply { replies.withLock { $0.append(reply) } }
                }
            }
            group.wait()
            let all = replies.withLock { $0 }
            #expect(all.count == 50)
            let signed = all.filter { $0.code == nil }
            #expect(signed.count == 1, "\(signed.map(\.text))")
            #expect(signed.first?.text.contains("-----BEGIN PGP SIGNATURE-----") == true)
            #expect(all.count { $0.code == "GRD-AUTH-0004" } == 49, "\(Set(all.map { $0.code ?? "none" }))")
        }
    }
}
