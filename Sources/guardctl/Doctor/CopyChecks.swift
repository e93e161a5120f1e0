/// The listener that takes the copies of split messages (`[split] next_hop`), and the way mail takes to it.
enum CopyChecks {
    static func run(_ site: MailSite) -> [Finding] {
        guard let hop = site.gateway.copies else { return [] }
        guard let service = site.copyListener else {
            // Elsewhere, or behind a proxy, nothing can be seen of it.
            guard hop.isHere else { return [] }
            return [
                Finding(
                    .error, "copies-nowhere", at: nil, in: site.masterFile,
                    "guardd hands copies of messages to \(hop), where no smtpd of Postfix listens: mail that needs several "
                        + "copies is deferred",
                    remedy: "the services of master.cf.copies")
            ]
        }
        return loop(service, site) + mapping(service, site) + copies(service, site) + sizes(service, site)
            + trace(service, site)
    }

    private static func loop(_ service: MasterService, _ site: MailSite) -> [Finding] {
        let (entries, place) = site.milters("smtpd_milters", of: service)
        guard entries.contains(where: { site.isGateway($0, isChrooted: service.isChrooted) }) else { return [] }
        return [
            Finding(
                .error, "copies-loop", at: place ?? service.place, in: site.masterFile,
                "\(service.title) takes copies from guardd and shows them to guardd again: it waits for itself, and clear "
                    + "copies would be split anew",
                remedy: "-o smtpd_milters=")
        ]
    }

    private static func mapping(_ service: MasterService, _ site: MailSite) -> [Finding] {
        let parameters = site.parameters(of: service)
        guard parameters.list("receive_override_options").contains("no_address_mappings") else { return [] }
        return [
            Finding(
                .error, "copies-unmapped", at: parameters["receive_override_options"].place, in: site.masterFile,
                "\(service.title) does not map addresses, and what was mapped of the original is dropped with it: "
                    + "mail to virtual aliases bounces when it is split",
                remedy: "-o receive_override_options=no_unknown_recipient_checks,no_header_body_checks")
        ]
    }

    /// Only the cleanup service makes copies, whatever stands with smtpd.
    private static func copies(_ service: MasterService, _ site: MailSite) -> [Finding] {
        let parameters = cleanup(of: service, site)
        return ["always_bcc", "sender_bcc_maps", "recipient_bcc_maps"].compactMap { name in
            let setting = parameters[name]
            guard !setting.value.isEmpty else { return nil }
            return Finding(
                .error, "copies-bcc", at: setting.place, in: site.mainFile,
                "\(name) adds readers to the copies that guardd hands to \(service.title), one for each copy, who "
                    + "cannot read them or get clear text that no rule lets them have",
                remedy: "-o \(name)= with a cleanup service of its own (master.cf.copies); company_copy in guardd.toml")
        }
    }

    private static func sizes(_ service: MasterService, _ site: MailSite) -> [Finding] {
        guard let largest = site.entrances.compactMap({ site.parameters(of: $0).integer("message_size_limit") }).max(),
            largest > 0
        else { return [] }
        let (wanted, isTooLarge) = largest.addingReportingOverflow(largest / 2)
        let setting = site.parameters(of: service)["message_size_limit"]
        guard !isTooLarge, let limit = Int(setting.value), limit > 0, limit < wanted else { return [] }
        return [
            Finding(
                .warning, "copies-size-limit", at: setting.place, in: site.masterFile,
                "\(service.title) takes \(limit) octets while up to \(largest) may enter: copies of mail near the limit "
                    + "are larger, and refused",
                remedy: "-o message_size_limit=\(wanted)")
        ]
    }

    private static func trace(_ service: MasterService, _ site: MailSite) -> [Finding] {
        let setting = site.parameters(of: service)["smtpd_authorized_xforward_hosts"]
        guard setting.value.isEmpty else { return [] }
        return [
            Finding(
                .notice, "copies-untraced", at: setting.place, in: site.masterFile,
                "\(service.title) takes no XFORWARD from guardd: in its log every copy comes from guardd, not from the client",
                remedy: "-o smtpd_authorized_xforward_hosts=127.0.0.0/8")
        ]
    }

    private static func cleanup(of service: MasterService, _ site: MailSite) -> PostfixParameters {
        let name = site.parameters(of: service)["cleanup_service_name"].value
        return site.services.first { $0.name == name && $0.type == "unix" }.map { site.parameters(of: $0) } ?? site.main
    }
}
