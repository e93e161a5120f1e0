import Foundation
import TestSupport

/// guardd that splits, behind a Postfix with the listener that the project ships.
final class SplitLab: Sendable {
    static let shared = Result { try SplitLab() }

    let people: SplitPeople
    let sink: SMTPSink
    let guardd: GuardDaemon
    let postfix: PostfixInstance

    /// What a rule does, and the sender whose mail it is for.
    static let rules: [GuardDaemon.Rule] = [
        rule("required", encrypt: "required"), rule("defer", encrypt: "required", missing: "defer"),
        rule("opportunistic", encrypt: "opportunistic", missing: "send-clear"),
        rule("strict", encrypt: "opportunistic", missing: "refuse"), rule("never", encrypt: "never"),
        rule("sign", encrypt: "never", sign: "if-key"), rule("both", encrypt: "required", sign: "required"),
        rule("all", encrypt: "opportunistic", missing: "send-clear", more: [("all_or_none", "true")]),
        rule("hidden", encrypt: "required", more: [("bcc", "\"shared-hidden\"")]),
        rule("noblind", encrypt: "required", more: [("bcc", "\"refuse\"")]),
        rule("company", encrypt: "required", more: [("company_copy", "\"archive@guard.test\"")]),
        rule("own", encrypt: "required", more: [("own_copy", "true")]),
        .init("rest", recipient: "*", encrypt: "opportunistic", sign: "never", missingKey: "send-clear"),
    ]

    static func rule(
        _ name: String, encrypt: String, sign: String = "never", missing: String? = nil, more: [(String, String)] = []
    ) -> GuardDaemon.Rule {
        .init(
            name, sender: "\(name)@guard.test", encrypt: encrypt, sign: sign,
            missingKey: missing ?? (encrypt == "required" ? "refuse" : nil), more: more)
    }

    private init() throws {
        people = try SplitPeople.shared.get()
        sink = try SMTPSink()
        guardd = try Self.daemon(people, rules: Self.rules)
        postfix = try PostfixInstance(
            services: [.init("out", milters: [guardd.socket], settings: ["milter_macro_daemon_name": "ORIGINATING"])],
            snippet: PostfixInstance.shipped("master.cf.copies") + PostfixInstance.shipped("master.cf.return"),
            nonSMTPDMilters: [guardd.socket], sink: sink,
            settings: [
                // What Postfix takes away itself would not be seen to be left by guardd.
                "message_drop_headers": "",
                "canonical_maps": "inline:{ {old@pgp.test=p3@pgp.test} {short@guard.test=opportunistic@guard.test} }",
                "virtual_alias_maps": "inline:{ {team@pgp.test=x1@none.test,x2@none.test} }",
                "recipient_bcc_maps": "inline:{ {audited@pgp.test=audit@none.test} }",
                "smtp_destination_recipient_limit": "1000", "default_process_limit": "100",
            ])
        try Self.split(guardd, hop: postfix.port("10026"))
        try postfix.start()
        try guardd.start()
    }

    static func daemon(_ people: SplitPeople, rules: [GuardDaemon.Rule]) throws -> GuardDaemon {
        let guardd = try GuardDaemon(
            rules: rules, settings: ["smime": "{ trust = [\"\(people.authority.certificateFile)\"] }"])
        let anchor = try guardd.directory.write("ca.pem", people.authority.folder.read("ca.pem"), mode: 0o644)
        guardd.settings["smime"] = "{ trust = [\"\(anchor)\"] }"
        try guardd.writeConfiguration()
        try people.give(to: guardd)
        return guardd
    }

    /// - Parameter keep: seconds for which connections wait for the next message.
    static func split(_ guardd: GuardDaemon, hop: UInt16, budget: Int = 60, keep: Int = 5) throws {
        guardd.tables =
            "[split]\nnext_hop = \"127.0.0.1:\(hop)\"\neom_budget = \"\(budget) s\"\nkeep_connections = \(keep)\n"
        try guardd.writeConfiguration()
    }

    func send(
        from sender: String, to recipients: [String], _ mail: [UInt8], parameters: String = ""
    ) throws -> ServerReply {
        try SMTPClient.submit(
            port: postfix.port("out"), login: sender, from: sender, to: recipients, data: mail, parameters: parameters)
    }

    /// All copies of a message, once nothing is on its way any more.
    func copies(_ id: String) throws -> [DeliveredMessage] {
        guard try Wait.until(seconds: 60, { try postfix.isQueueEmpty() }) else {
            throw TestFailure("the queue does not get empty\n\(postfix.log.suffix(3000))")
        }
        return sink.messages.filter { $0.text.contains("<\(id)>") }
    }
}

extension TestMail {
    /// A message that can be found again by its Message-ID, with recipients in three fields.
    static func split(
        _ id: String, from: String, to: [String] = [], cc: [String] = [], bcc: [String] = [],
        body: String = "secret words\r\n"
    ) -> [UInt8] {
        func field(_ name: String, _ list: [String]) -> [String] {
            list.isEmpty ? [] : ["\(name): " + list.map { "<\($0)>" }.joined(separator: ",\r\n ")]
        }
        let head =
            ["From: <\(from)>"] + field("To", to) + field("Cc", cc) + field("Bcc", bcc) + [
                "Subject: a split", "Date: Tue, 24 Nov 2026 10:00:00 +0000", "Message-ID: <\(id)>",
                "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
            ]
        return Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }
}
