/// The listeners of the proxy (`[[proxy]]`): the ways to them, and what stands behind them.
enum ProxyChecks {
    static func run(_ site: MailSite) -> [Finding] {
        site.gateway.proxies.flatMap { proxy in
            peers(proxy, site) + nextHop(proxy, site) + (proxy.role == .assert ? lastStep(proxy, site) : [])
        } + doubles(site) + bounces(site) + mailboxes(site)
    }

    /// Whoever can connect can send: mail of anybody, signed where the listener may sign.
    private static func peers(_ proxy: MailSite.Proxy, _ site: MailSite) -> [Finding] {
        guard case .inet = proxy.listen, !proxy.listen.isHere, proxy.isOpen else { return [] }
        return [
            Finding(
                .error, "proxy-open", at: nil, in: site.gateway.file,
                "proxy \(proxy.name) listens on \(proxy.listen) for everybody: it takes mail that no restriction of Postfix "
                    + "has seen",
                remedy: "peers = [\"192.0.2.25\"], the addresses of the mail servers in front of it")
        ]
    }

    /// What gives mail on for a content filter must not give it back to it.
    private static func nextHop(_ proxy: MailSite.Proxy, _ site: MailSite) -> [Finding] {
        guard let service = site.listener(at: proxy.nextHop) else {
            guard proxy.role != .lmtp, proxy.role != .assert, proxy.nextHop.isHere else { return [] }
            return [
                Finding(
                    .error, "proxy-nowhere", at: nil, in: site.masterFile,
                    "proxy \(proxy.name) hands mail on to \(proxy.nextHop), where no smtpd of Postfix listens: all of it is "
                        + "deferred",
                    remedy: "the service of master.cf.return")
            ]
        }
        let parameters = site.parameters(of: service)
        var findings: [Finding] = []
        for name in ["content_filter", "smtpd_proxy_filter"] {
            let setting = parameters[name]
            guard site.proxy(at: setting.value)?.name == proxy.name else { continue }
            findings.append(
                Finding(
                    .error, "proxy-loop", at: setting.place, in: site.masterFile,
                    "\(service.title) takes mail from proxy \(proxy.name) and gives it to it again",
                    remedy: "-o \(name)="))
        }
        let (entries, place) = site.milters("smtpd_milters", of: service)
        if entries.contains(where: { site.isGateway($0, isChrooted: service.isChrooted) }) {
            findings.append(
                Finding(
                    .warning, "filtered-twice", at: place ?? service.place, in: site.masterFile,
                    "mail that comes back from proxy \(proxy.name) through \(service.title) passes guardd a second time",
                    remedy: "-o smtpd_milters="))
        }
        if proxy.role == .afterQueue, !parameters.list("receive_override_options").contains("no_address_mappings") {
            findings.append(
                Finding(
                    .warning, "proxy-mapped-twice", at: service.place, in: site.masterFile,
                    "\(service.title) maps addresses that were mapped when the mail entered, and makes automatic copies again",
                    remedy: "-o receive_override_options=no_unknown_recipient_checks,no_address_mappings,"
                        + "no_header_body_checks"))
        }
        return findings
    }

    /// The last step is one only if everything that leaves goes by it, and if what it lets through does not come back.
    private static func lastStep(_ proxy: MailSite.Proxy, _ site: MailSite) -> [Finding] {
        let routes = ["default_transport", "relayhost"].map { site.main[$0] }
        guard let route = routes.first(where: { site.proxy(at: $0.value)?.name == proxy.name }) else {
            return [
                Finding(
                    .warning, "assert-bypassed", at: routes.first?.place, in: site.mainFile,
                    "mail to others does not go by proxy \(proxy.name): aliases, forwards and bounces leave in clear",
                    remedy: "default_transport = smtp:\(proxy.listen.bracketed)")
            ]
        }
        var findings: [Finding] = []
        for name in ["transport_maps", "sender_dependent_relayhost_maps", "sender_dependent_default_transport_maps"] {
            let setting = site.main[name]
            guard !setting.value.isEmpty else { continue }
            findings.append(
                Finding(
                    .notice, "assert-routes", at: setting.place, in: site.mainFile,
                    "\(name) can send mail around proxy \(proxy.name): make sure that what it names is inside",
                    remedy: "\(name) ="))
        }
        if let service = site.listener(at: proxy.nextHop),
            site.parameters(of: service)["content_filter"].value.isEmpty
        {
            findings.append(
                Finding(
                    .error, "assert-loop", at: service.place, in: site.masterFile,
                    "\(service.title) takes mail from proxy \(proxy.name) and, by \(route.value), gives it to it again",
                    remedy: "-o content_filter=direct: with the services of master.cf.assert"))
        }
        return findings
    }

    /// A milter and a proxy for the same mail.
    private static func doubles(_ site: MailSite) -> [Finding] {
        site.smtpServers.compactMap { service in
            let (entries, _) = site.milters("smtpd_milters", of: service)
            let parameters = site.parameters(of: service)
            guard entries.contains(where: { site.isGateway($0, isChrooted: service.isChrooted) }),
                let name = ["content_filter", "smtpd_proxy_filter"].first(where: {
                    site.proxy(at: parameters[$0].value) != nil
                }), let proxy = site.proxy(at: parameters[name].value)
            else { return nil }
            return Finding(
                .warning, "milter-and-proxy", at: parameters[name].place, in: site.mainFile,
                "mail that enters through \(service.title) passes guardd as a milter and again by proxy \(proxy.name)",
                remedy: "-o smtpd_milters= where \(name) is set, or \(name) =")
        }
    }

    /// Only in front of LMTP each recipient can get a message of their own.
    private static func mailboxes(_ site: MailSite) -> [Finding] {
        guard !site.gateway.proxies.contains(where: { $0.role == .lmtp }) else { return [] }
        return site.gateway.mailboxRules.map { rule in
            Finding(
                .error, "inbound-without-lmtp", at: nil, in: rule.place,
                "rule \(rule.name) says what mailboxes get (inbound), and no proxy of role lmtp stands before them: it does "
                    + "nothing",
                remedy: "[[proxy]] with role = \"lmtp\" in guardd.toml, and main.cf: virtual_transport = lmtp:unix:...")
        }
    }

    /// What a filter behind the queue refuses goes back to its sender, who may be anybody: with the message in it.
    private static func bounces(_ site: MailSite) -> [Finding] {
        guard site.gateway.proxies.contains(where: { $0.role == .afterQueue }) else { return [] }
        let setting = site.main["bounce_size_limit"]
        guard let limit = Int(setting.value), limit > 1 else { return [] }
        return [
            Finding(
                .warning, "bounces-in-clear", at: setting.place, in: site.mainFile,
                "what a proxy behind the queue refuses is returned to its sender in clear, with up to \(limit) octets",
                remedy: "bounce_size_limit = 1")
        ]
    }
}
