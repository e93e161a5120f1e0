import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite struct AttachedTokenStory {
        /// A token left attached signs outbound mail until logout; one for a single use never does.
        @Test func anAttachedTokenSignsUntilLogout() throws {
            let (address, password) = ("tom@guard.test", "correct horse battery")
            let lab = try StoryLab(rules: [.init("sign", recipient: "*", encrypt: "never", sign: "if-key")])
            var session = try lab.session(address)
            func ok(_ reply: StoryReply, sourceLocation: SourceLocation = #_sourceLocation) {
                #expect(
                    reply.status == 200 && reply.object?["error"] == nil, "\(reply.text)",
                    sourceLocation: sourceLocation)
            }
            func attach(_ minutes: Int) throws {
                ok(
                    try lab.post(
                        "/oxguard/auth?action=login&type=PGP&session=\(session)",
                        json: ["password": password, "minutesValid": minutes]))
            }
            func arrived() throws -> DeliveredMessage {
                let mail = TestMail.make(from: address, to: "x@elsewhere.test", body: "From Tom.\r\n")
                return try lab.delivered(
                    SMTPClient.submit(
                        port: lab.postfix.port("out"), login: address, from: address, to: ["x@elsewhere.test"],
                        data: mail))
            }
            func isSigned(_ message: DeliveredMessage) -> Bool {
                message.parts.value("Content-Type")?.lowercased().hasPrefix("multipart/signed") == true
            }
            ok(
                try lab.post(
                    "/oxguard/keys?action=create&session=\(session)", form: ["name": "Tom", "password": password]))
            #expect(try !isSigned(arrived()))
            let home = try GnuPGHome()
            try home.importKey(
                lab.post("/oxguard/keys?action=downloadKey&session=\(session)", form: ["keyType": "public"]).body)
            for minutes in [60, 0] {
                try attach(minutes)
                let message = try arrived()
                #expect(isSigned(message), "\(minutes)")
                try verify(message, home)
                ok(try lab.get("/oxguard/login?action=logout&session=\(session)"))
                #expect(try !isSigned(arrived()), "\(minutes)")
                session = try lab.session(address)
            }
            try attach(-1)
            #expect(try !isSigned(arrived()))
        }

        private func verify(_ message: DeliveredMessage, _ home: GnuPGHome) throws {
            let type = try #require(message.parts.value("Content-Type"))
            let boundary = try #require(type.components(separatedBy: "boundary=").last?.split(separator: ";").first)
                .trimmingCharacters(in: CharacterSet(charactersIn: "\" "))
            let pieces = String(decoding: message.parts.body, as: UTF8.self).components(separatedBy: "--\(boundary)")
            try #require(pieces.count == 4)
            let folder = try TemporaryDirectory()
            let signature = try folder.write("sig.asc", MailParts(Array(pieces[2].dropFirst().utf8)).body)
            let content = try folder.write("content", Array(String(pieces[1].dropFirst().dropLast()).utf8))
            try home.run(["--verify", signature, content])
        }
    }
}
