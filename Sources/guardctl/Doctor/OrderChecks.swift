/// Other filters beside guardd: what signs comes after it, what changes the body before it.
enum OrderChecks {
    private enum Kind {
        /// Signs what leaves; its signature covers the body.
        case signer
        /// Only judges, or adds header fields.
        case judge
        /// Changes bodies.
        case editor
        case unknown
    }

    /// Filters by what stands in their addresses: names, and the ports that their documentation proposes.
    private static let known: [(sign: String, kind: Kind)] = [
        ("opendkim", .signer), ("dkim", .signer), (":8891", .signer), ("rspamd", .signer), (":11332", .signer),
        ("openarc", .signer), ("opendmarc", .judge), (":8893", .judge), ("spf", .judge), ("spamass", .judge),
        ("clamav", .judge), ("greylist", .judge), ("postgrey", .judge), ("mimedefang", .editor), ("amavis", .editor),
        ("altermime", .editor), ("disclaim", .editor), ("signing-milter", .editor), ("mailmunge", .editor),
    ]

    private static func kind(_ entry: MilterEntry) -> Kind {
        let address = entry.address.lowercased()
        return known.first { address.contains($0.sign) }?.kind ?? .unknown
    }

    static func run(_ site: MailSite) -> [Finding] {
        var findings: [Finding] = []
        let lists =
            site.smtpServers.map { (site.milters("smtpd_milters", of: $0), $0.isChrooted) }
            + [(site.milters("non_smtpd_milters", of: nil), false)]
        for (list, isChrooted) in lists {
            guard let own = list.entries.firstIndex(where: { site.isGateway($0, isChrooted: isChrooted) }) else {
                continue
            }
            findings += list.entries[..<own].compactMap { before($0, at: list.place, site) }
            findings += list.entries[own...].dropFirst().compactMap { after($0, at: list.place, site) }
            findings += list.entries.flatMap { results(of: $0, site) }
        }
        return findings
    }

    private static func before(_ entry: MilterEntry, at place: PostfixParameters.Place?, _ site: MailSite) -> Finding? {
        guard kind(entry) == .signer else { return nil }
        return Finding(
            .error, "signer-before-guardd", at: place, in: site.mainFile,
            "\(entry.address) signs the body before guardd replaces it: every such signature is broken on arrival",
            remedy: "name \(entry.address) after \(site.gatewayAddress)")
    }

    private static func after(_ entry: MilterEntry, at place: PostfixParameters.Place?, _ site: MailSite) -> Finding? {
        switch kind(entry) {
        case .editor:
            return Finding(
                .error, "editor-after-guardd", at: place, in: site.mainFile,
                "\(entry.address) changes bodies after guardd: it breaks signatures, and cannot read what is encrypted",
                remedy: "name \(entry.address) before \(site.gatewayAddress)")
        case .unknown:
            return Finding(
                .notice, "unknown-after-guardd", at: place, in: site.mainFile,
                "\(entry.address) comes after guardd; should it change bodies, it breaks signatures",
                remedy: "name it before \(site.gatewayAddress) unless it only signs or judges")
        case .signer, .judge: return nil
        }
    }

    /// A filter that writes results under our name: guardd removes them as forged, or they are taken for guardd's.
    private static func results(of entry: MilterEntry, _ site: MailSite) -> [Finding] {
        let address = entry.address.lowercased()
        let files: [(sign: String, path: String)] = [
            ("opendkim", "/etc/opendkim.conf"), (":8891", "/etc/opendkim.conf"), ("opendmarc", "/etc/opendmarc.conf"),
            (":8893", "/etc/opendmarc.conf"),
        ]
        guard let path = files.first(where: { address.contains($0.sign) })?.path, let text = site.read(path) else {
            return []
        }
        let setting = LogicalLine.split(text).last { $0.text.lowercased().hasPrefix("authservid ") }
        let written = setting.map { $0.text.dropFirst("AuthservID ".count).trimmed } ?? "HOSTNAME"
        let id = written.uppercased() == "HOSTNAME" ? site.gateway.hostname : written
        guard id.lowercased() == site.gateway.authservID.lowercased() else { return [] }
        return [
            Finding(
                .error, "authserv-id-shared",
                at: setting.map { PostfixParameters.Place(file: path, line: $0.number) }, in: path,
                "\(entry.address) writes its results under \(id), the name of guardd's own, which guardd removes from "
                    + "mail as forged",
                remedy: "AuthservID another name, or authserv_id = \"guardd.\(site.gateway.hostname)\" in guardd.toml")
        ]
    }
}
