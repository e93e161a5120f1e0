/// What Postfix tells guardd about a message. By these macros outbound mail is told from inbound.
enum MacroChecks {
    static func run(_ site: MailSite) -> [Finding] {
        var findings: [Finding] = []
        for service in site.smtpServers {
            let (entries, _) = site.milters("smtpd_milters", of: service)
            guard entries.contains(where: { site.isGateway($0, isChrooted: service.isChrooted) }) else { continue }
            let parameters = site.parameters(of: service)
            findings += trimmed(parameters, service, site)
            findings += version(parameters, site)
            findings += direction(parameters, service, site)
        }
        return findings
    }

    private static func trimmed(
        _ parameters: PostfixParameters, _ service: MasterService, _ site: MailSite
    ) -> [Finding] {
        var needs: [(parameter: String, macros: [String], why: String)] = [
            ("milter_rcpt_macros", ["{rcpt_addr}", "{rcpt_mailer}"], "mail by SMTP looks as if it were local"),
            ("milter_end_of_data_macros", ["i"], "log lines name no queue identifier"),
        ]
        if !site.gateway.outboundDaemons.isEmpty {
            needs.append(("milter_connect_macros", ["{daemon_name}"], "outgoing mail is not recognised by its service"))
        }
        if site.gateway.usesLogin {
            needs.append(("milter_mail_macros", ["{auth_authen}"], "mail of users that logged in looks inbound"))
        }
        if site.gateway.usesCertificates {
            needs.append(
                ("milter_helo_macros", ["{cert_subject}"], "mail of clients with a certificate looks inbound"))
        }
        return needs.compactMap { parameter, macros, why in
            let setting = parameters[parameter]
            let sent = setting.value.wordsOutsideBraces().map { $0.insideBraces ?? $0 }
            let missing = macros.filter { !sent.contains($0.insideBraces ?? $0) }
            guard !missing.isEmpty else { return nil }
            return Finding(
                .notice, "macros-trimmed", at: setting.place, in: site.mainFile,
                "\(service.title) sends \(missing.joined(separator: " ")) only because guardd asks for it by itself; "
                    + "without: \(why)",
                remedy: "\(parameter) = \((setting.value + " " + missing.joined(separator: " ")).trimmed)")
        }
    }

    private static func version(_ parameters: PostfixParameters, _ site: MailSite) -> [Finding] {
        let setting = parameters["milter_protocol"]
        guard let version = setting.value.first.flatMap({ Int(String($0)) }), version < 6 else { return [] }
        return [
            Finding(
                .error, "milter-protocol", at: setting.place, in: site.mainFile,
                "version \(version) of the milter protocol cannot carry what guardd asks for",
                remedy: "milter_protocol = 6")
        ]
    }

    /// A submission service that neither names itself nor asks for a login sends mail that looks inbound.
    private static func direction(
        _ parameters: PostfixParameters, _ service: MasterService, _ site: MailSite
    ) -> [Finding] {
        let isSubmission = ["submission", "submissions", "smtps", "587", "465"].contains { name in
            service.name == name || service.name.hasSuffix(":" + name)
        }
        guard isSubmission, !site.gateway.outboundDaemons.contains(parameters["milter_macro_daemon_name"].value) else {
            return []
        }
        let asksForLogin = site.gateway.usesLogin && parameters["smtpd_sasl_auth_enable"].value == "yes"
        return [
            Finding(
                asksForLogin ? .notice : .error, "submission-unnamed", at: service.place, in: site.masterFile,
                "\(service.title) does not name itself as a service of your own users: "
                    + (asksForLogin ? "only the login shows that its mail is outgoing" : "its mail looks inbound"),
                remedy: "-o milter_macro_daemon_name=\(site.gateway.outboundDaemons.first ?? "ORIGINATING")")
        ]
    }
}
