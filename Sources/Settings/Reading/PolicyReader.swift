import MIME
import MailFlow
import ProtectedMail

/// Reads the policy.
struct PolicyReader {
    private let reader: TableReader
    private var problems: Problems { reader.problems }

    init(_ reader: TableReader) { self.reader = reader }

    func read(hostname: String) -> Policy {
        var policy = Policy(authservID: "guardd.\(hostname)")
        if let id = reader.string("authserv_id", example: policy.authservID) {
            let isUsable =
                (1...255).contains(id.value.utf8.count) && id.value.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            if isUsable {
                policy.authservID = id.value
            } else {
                problems.add(
                    id.path,
                    "authserv_id must be printable ASCII without spaces; write authserv_id = \"guardd.example.org\"")
            }
        }
        policy.localDomains = Set(reader.list("local_domains", example: "example.org", PolicyReader.domain) ?? [])
        policy.reinjectionPeers =
            reader.list("reinjection_peers", example: "127.0.0.1") { try Network($0) } ?? []
        var lifetime = Int(policy.markerLifetime)
        reader.seconds("marker_lifetime", in: 60...(90 * 86400), &lifetime)
        policy.markerLifetime = Int64(lifetime)
        reader.boolean("remove_own_dkim", &policy.removesOwnDKIM)
        reader.boolean("annotate_unsigned", &policy.annotatesUnsigned)
        reader.boolean("hide_blind_copies", &policy.hidesBlindCopies)
        reader.size("max_inspect_size", in: (64 << 10)...(2 << 30), &policy.maxInspectSize)
        reader.size("message_size_limit", in: 0...(1 << 40), &policy.messageSizeLimit)
        if let direction = reader.table("direction") { readLadder(direction, &policy.ladder) }
        if let table = reader.table("sign_as", hasLiteralKeys: true) { policy.signAs = readSignAs(table) }
        if let table = reader.table("openpgp") {
            if let algorithms = table.table("policy") { policy.algorithms = AlgorithmReader(algorithms).read() }
            table.finish()
        }
        policy.rules = reader.tables("rule").enumerated().compactMap { readRule($1, number: $0 + 1) }
        var names: Set<String> = []
        for (index, rule) in policy.rules.enumerated() where !names.insert(rule.name).inserted {
            problems.add("rule[\(index)].name", "there are two rules named \"\(rule.name)\"; give each its own name")
        }
        return policy
    }

    private static func domain(_ text: String) throws -> String {
        guard case .domain(let domain) = try AddressPattern("@" + text) else {
            throw MailFlowError(.pattern, "'\(text)' names no domain; write example.org")
        }
        return domain
    }

    private func readLadder(_ table: TableReader, _ ladder: inout Ladder) {
        if let names = table.strings("outbound_daemons", example: "ORIGINATING") {
            ladder.outboundDaemons = names.map(\.value)
        }
        table.boolean("login", &ladder.login)
        table.boolean("client_certificate", &ladder.clientCertificate)
        table.boolean("non_smtp", &ladder.local)
        if let networks = table.list("trusted_networks", example: "192.0.2.0/24", { try Network($0) }) {
            ladder.trustedNetworks = networks
        }
        table.finish()
    }

    private func readSignAs(_ table: TableReader) -> SignAs {
        var patterns: [String: [AddressPattern]] = [:]
        for login in table.remaining() {
            patterns[login] = table.list(login, example: "sales@example.org") { try AddressPattern($0) }
        }
        return SignAs(patterns)
    }

    private func readProtocols(_ table: TableReader) -> [Rule.Method]? {
        let list = table.list("protocols", example: "openpgp") { text in
            guard let found = Rule.Method(rawValue: text) else {
                throw MailFlowError(.condition, "'\(text)' is no protocol; write \"openpgp\" or \"smime\"")
            }
            return found
        }
        if list?.isEmpty == true {
            problems.add(table.place("protocols"), "protocols is empty; write protocols = [\"openpgp\", \"smime\"]")
        }
        return list
    }

    private func readCompanyCopy(_ table: TableReader) -> EmailAddress? {
        guard let text = table.string("company_copy", example: "archive@example.org") else { return nil }
        if let address = EmailAddress(text.value), address.isDomainMapped { return address }
        problems.add(text.path, "company_copy = \"\(text.value)\" is no mail address; write \"archive@example.org\"")
        return nil
    }

    private func readRule(_ table: TableReader, number: Int) -> Rule? {
        defer { table.finish() }
        let name = table.string("name", example: "contracts")
        let encrypt = table.choice("encrypt", Rule.Encrypt.self)
        let sign = table.choice("sign", Rule.Sign.self)
        let missingKey = table.choice("missing_key", Rule.MissingKey.self)
        let signWithoutLogin = table.boolean("sign_without_login")
        let protocols = readProtocols(table)
        let smimeSignature = table.choice("smime_signature", SMIMEPlan.SignatureForm.self)
        func patterns(_ key: String) -> [AddressPattern] {
            let list = table.list(key, example: "@example.org") { try AddressPattern($0) }
            // An empty list would match nobody or everybody, depending on whom one asks.
            if list?.isEmpty == true {
                problems.add(table.place(key), "\(key) is empty; leave it out to match everybody")
            }
            return list ?? []
        }
        let sender = patterns("sender")
        let recipient = patterns("recipient")
        let fromHeader = patterns("from_header")
        let nullSender = table.boolean("null_sender")
        let autoSubmitted = table.boolean("auto_submitted")
        let list = table.boolean("list")
        let contentType = table.list("content_type", example: "text/calendar") { text -> String in
            guard text.split(separator: "/", omittingEmptySubsequences: false).count == 2 else {
                throw MailFlowError(.condition, "'\(text)' is no media type; write text/calendar or multipart/*")
            }
            return text
        }
        let header = table.list("header", example: "X-Confidential: yes") { try HeaderCondition($0) }
        do {
            var rule = try Rule(
                name: name.map { $0.value.isEmpty ? "rule \(number)" : $0.value } ?? "rule \(number)",
                encrypt: encrypt ?? .never, sign: sign ?? .never, missingKey: missingKey,
                signWithoutLogin: signWithoutLogin ?? false)
            if let protocols { rule.protocols = protocols }
            if let form = table.choice("openpgp_form", ProtectionPlan.Form.self) { rule.openpgpForm = form }
            if let smimeSignature { rule.smimeSignature = smimeSignature }
            rule.place = problems.place(table.path)
            if let inbound = table.choice("inbound", Rule.Inbound.self) { rule.inbound = inbound }
            if let blindCopies = table.choice("bcc", Rule.BlindCopies.self) { rule.blindCopies = blindCopies }
            table.boolean("all_or_none", &rule.allOrNone)
            table.boolean("own_copy", &rule.ownCopy)
            rule.companyCopy = readCompanyCopy(table)
            rule.sender = sender
            rule.recipient = recipient
            rule.fromHeader = fromHeader
            rule.nullSender = nullSender
            rule.autoSubmitted = autoSubmitted
            rule.list = list
            rule.contentType = contentType ?? []
            rule.header = header ?? []
            return rule
        } catch {
            problems.add(table.place("missing_key"), "\(error)")
            return nil
        }
    }
}
