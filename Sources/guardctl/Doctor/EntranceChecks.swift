/// Ways on which mail enters without passing guardd.
enum EntranceChecks {
    static func run(_ site: MailSite) -> [Finding] {
        servers(site) + local(site) + maps(site)
    }

    /// Every SMTP server that faces others.
    private static func servers(_ site: MailSite) -> [Finding] {
        site.smtpServers.flatMap { service -> [Finding] in
            let (entries, place) = site.milters("smtpd_milters", of: service)
            if entries.contains(where: { site.isGateway($0, isChrooted: service.isChrooted) }) { return [] }
            let parameters = site.parameters(of: service)
            let isProxied = ["content_filter", "smtpd_proxy_filter"].contains {
                site.proxy(at: parameters[$0].value) != nil
            }
            if isProxied { return [] }
            if let stray = entries.first(where: { $0.address.contains("guardd") }) {
                return [SocketChecks.wrongAddress(stray, of: service, at: place, site)]
            }
            // What comes back from a filter behind the queue is not to be filtered twice, nor are guardd's own copies; but
            // a signer may stand there.
            if service.isLocalOnly, service.type == "inet" || service.place == site.copyListener?.place,
                entries.isEmpty && service.options.isWritten("smtpd_milters")
                    || service.options.isWritten("receive_override_options")
                    || service.place == site.copyListener?.place
            {
                return []
            }
            return [
                Finding(
                    .error, "smtpd-without-guardd", at: place ?? service.place, in: site.mainFile,
                    "mail that enters through \(service.title) does not pass guardd: it leaves in clear, and its "
                        + "verdict fields are whatever its sender wrote",
                    remedy: place?.file == site.masterFile
                        ? "-o smtpd_milters=\(site.gatewayAddress)" : "smtpd_milters = \(site.gatewayAddress)")
            ]
        }
    }

    /// `sendmail`, cron and web applications never see an SMTP server.
    private static func local(_ site: MailSite) -> [Finding] {
        let (entries, place) = site.milters("non_smtpd_milters", of: nil)
        let isChrooted = site.services.first { $0.command == "cleanup" }?.isChrooted ?? false
        guard !entries.contains(where: { site.isGateway($0, isChrooted: isChrooted) }) else { return [] }
        let pickup = site.services.first { $0.command == "pickup" }.map { site.parameters(of: $0) } ?? site.main
        if site.proxy(at: pickup["content_filter"].value) != nil { return [] }
        return [
            Finding(
                .error, "non-smtpd-without-guardd", at: place, in: site.mainFile,
                "mail of the sendmail command, cron and web applications does not pass guardd and leaves in clear",
                remedy: "non_smtpd_milters = \(site.gatewayAddress)")
        ]
    }

    /// Tables that choose filters by client: an entry without guardd is a hole for that client.
    private static func maps(_ site: MailSite) -> [Finding] {
        let parameters = [(site.main, false)] + site.smtpServers.map { (site.parameters(of: $0), $0.isChrooted) }
        var findings: [Finding] = []
        for (parameters, isChrooted) in parameters {
            let setting = parameters["smtpd_milter_maps"]
            for table in setting.value.wordsOutsideBraces() {
                guard let entries = lookUpTable(table, site) else {
                    findings.append(
                        Finding(
                            .notice, "milter-map-unread", at: setting.place, in: site.mainFile,
                            "smtpd_milter_maps names \(table), which cannot be read here: make sure that every entry "
                                + "of it names guardd",
                            remedy: "client \(site.gatewayAddress)"))
                    continue
                }
                for (place, value) in entries {
                    let milters = value.uppercased() == "DISABLE" ? [] : MilterEntry.parse(value)
                    guard let gateway = milters.first(where: { site.isGateway($0, isChrooted: isChrooted) }) else {
                        findings.append(
                            Finding(
                                .error, "milter-map-without-guardd", at: place, in: site.mainFile,
                                "mail of the clients of this entry does not pass guardd and leaves in clear",
                                remedy: "replace \"\(value)\" by \"\(site.gatewayAddress)\""))
                        continue
                    }
                    findings += FailureChecks.action(of: gateway, parameters, at: place, site)
                }
            }
        }
        return findings
    }

    /// The right-hand sides of a table: of its source file, or as written in the parameter.
    private static func lookUpTable(
        _ table: String, _ site: MailSite
    ) -> [(place: PostfixParameters.Place?, value: String)]? {
        let parts = table.split(separator: ":", maxSplits: 1)
        guard let type = parts.first, let rest = parts.dropFirst().first else { return nil }
        switch type {
        case "static": return [(nil, rest.trimmed.insideBraces ?? rest.trimmed)]
        case "inline":
            guard let content = rest.trimmed.insideBraces else { return nil }
            return content.wordsOutsideBraces(separators: [","]).compactMap { word in
                (word.trimmed.insideBraces ?? word.trimmed).assignment.map { (nil, $0.value) }
            }
        case "cidr", "regexp", "pcre", "hash", "btree", "lmdb", "texthash", "cdb", "dbm":
            let path = String(rest)
            guard let text = site.read(path) else { return nil }
            return LogicalLine.split(text).compactMap { line in
                guard let value = Self.rightHandSide(line.text) else { return nil }
                return (PostfixParameters.Place(file: path, line: line.number), value)
            }
        default: return nil
        }
    }

    /// What follows the pattern, which may hold blanks between slashes.
    private static func rightHandSide(_ line: String) -> String? {
        var rest = line[...]
        if let delimiter = rest.first, delimiter == "/" {
            guard let end = rest.dropFirst().firstIndex(of: delimiter) else { return nil }
            rest = rest[end...]
        }
        guard let blank = rest.firstIndex(where: \.isWhitespace) else { return nil }
        let value = rest[blank...].trimmed
        return value.isEmpty ? nil : value
    }
}
