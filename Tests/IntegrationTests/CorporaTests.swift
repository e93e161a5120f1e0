import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite(.enabled(if: Corpora.isAvailable)) struct PublicMail {
        let lab: Lab
        init() throws { lab = try Lab.shared.get() }

        /// All files that their set calls plain mail: they must survive everything unchanged.
        static func plainMails() throws -> [String] {
            var names: [String] = []
            for index in try Corpora.files(under: ".").filter({ $0.hasSuffix("/expected.json") }) {
                let folder = String(index.dropLast("expected.json".count))
                let object =
                    try JSONSerialization.jsonObject(with: Data(Corpora.bytes(index))) as? [String: [String: Any]]
                for (name, facts) in object ?? [:] where facts["roundtrip"] as? Bool == true {
                    names.append(String(folder.drop { $0 == "." || $0 == "/" }) + name)
                }
            }
            return names.sorted()
        }

        /// As a client would put it on the wire: lines end with CRLF.
        static func onTheWire(_ bytes: [UInt8]) -> [UInt8] {
            if bytes.firstRange(of: [13, 10]) != nil { return bytes }
            return bytes.flatMap { $0 == 10 ? [13, 10] : [$0] }
        }

        @Test func everyPlainMailComesBackByteIdentical() throws {
            let names = try Self.plainMails()
            #expect(names.count > 600)
            let port = lab.postfix.port("out")
            var sent: [(name: String, id: String)] = []
            var refused: [String] = []
            var changedByPostfix = 0
            lab.sink.clear()
            var client: SMTPClient?
            for name in names {
                if client == nil {
                    client = try SMTPClient(port: port)
                    try client?.greet(login: People.alice)
                }
                let wire = Self.onTheWire(try Corpora.bytes(name))
                guard
                    let reply = try client?.send(
                        from: People.alice, to: [People.bob], data: wire, parameters: "BODY=8BITMIME")
                else { continue }
                if let id = reply.queueID, reply.isPositive {
                    sent.append((name, id))
                    if MailParts(wire).body != (try lab.recorder.recorded(id)).body { changedByPostfix += 1 }
                } else {
                    refused.append("\(name): \(reply)")
                    client = nil
                }
            }
            client?.quit()
            #expect(refused.isEmpty, "\(refused.prefix(20))")

            var byID: [String: DeliveredMessage] = [:]
            for message in try lab.sink.wait(sent.count, seconds: 120) {
                if let id = message.queueID { byID[id] = message }
            }
            var armors: [[UInt8]] = []
            var pending: [(name: String, reference: MailParts)] = []
            var alone: [(name: String, armor: [UInt8])] = []
            var wrong: [String] = []
            for (name, id) in sent {
                guard let message = byID[id] else {
                    wrong.append("\(name): lost")
                    continue
                }
                let reference = try lab.recorder.recorded(id)
                if message.parts.value("Content-Type")?.lowercased().hasPrefix("multipart/encrypted") == true,
                    let armor = message.parts.armor, message.parts.body != reference.body
                {
                    armors.append(armor)
                    pending.append((name, reference))
                } else if message.parts.body == reference.body,
                    reference.body.firstRange(of: Array("BEGIN PGP MESSAGE".utf8)) != nil
                {
                    alone.append((name, message.parts.armor ?? []))
                } else {
                    wrong.append("\(name): left in clear")
                }
            }
            for (opened, (name, reference)) in zip(try lab.keys.theirs.decryptAll(armors), pending) {
                guard let opened else {
                    wrong.append("\(name): gpg cannot decrypt")
                    continue
                }
                let entity = MailParts(opened)
                let fields = reference.fields(prefixed: "content-").map(canonicalLineEnds)
                if entity.body != reference.body { wrong.append("\(name): body differs") }
                if !fields.isEmpty && entity.fields(prefixed: "content-") != fields {
                    wrong.append("\(name): Content-* differ")
                }
            }
            print(
                "corpora through Postfix: \(names.count) plain mails, \(armors.count) encrypted and opened, \(alone.count) were protected already, "
                    + "\(changedByPostfix) reach filters with another body than on disk, \(wrong.count) wrong")
            #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(30))")
            // Left alone is only what another program too finds to be encrypted.
            for (name, armor) in alone {
                let packets = try lab.keys.theirs.listPackets(armor)
                #expect(
                    packets.contains("encrypted data packet") && !packets.contains(":literal data packet"), "\(name)")
            }
            lab.sink.clear()
        }
    }
}
