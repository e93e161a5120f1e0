/// Ways on which Postfix itself makes copies, or sends mail round.
enum RouteChecks {
    static func run(_ site: MailSite) -> [Finding] { copies(site) + loops(site) + smuggling(site) }

    /// Copies for addresses that a milter never sees.
    private static func copies(_ site: MailSite) -> [Finding] {
        ["always_bcc", "sender_bcc_maps", "recipient_bcc_maps"].compactMap { name in
            let setting = site.main[name]
            guard !setting.value.isEmpty else { return nil }
            return Finding(
                .warning, "automatic-bcc", at: setting.place, in: site.mainFile,
                "\(name) adds recipients that no milter sees: their copies are not planned for, and are readable to "
                    + "them only by chance"
                    + (site.gateway.copies == nil ? "" : "; of a message that is split they get none"),
                remedy: "\(name) =")
        }
    }

    /// Mail that a content filter gives back must not go to that filter again, nor through guardd twice.
    private static func loops(_ site: MailSite) -> [Finding] {
        var findings: [Finding] = []
        let filters = ([site.main] + site.smtpServers.map { site.parameters(of: $0) }).filter {
            !$0["content_filter"].value.isEmpty
        }
        guard let filter = filters.first?["content_filter"] else { return findings }
        // Copies of split messages have not been to the filter.
        for service in site.smtpServers
        where service.isLocalOnly && service.type == "inet" && service.place != site.copyListener?.place {
            let parameters = site.parameters(of: service)
            if !parameters["content_filter"].value.isEmpty, !service.options.isWritten("content_filter") {
                findings.append(
                    Finding(
                        .error, "content-filter-loop", at: service.place, in: site.masterFile,
                        "\(service.title) gives mail that came back from \(filter.value) to it again",
                        remedy: "-o content_filter="))
            }
            let (entries, _) = site.milters("smtpd_milters", of: service)
            if entries.contains(where: { site.isGateway($0, isChrooted: service.isChrooted) }) {
                findings.append(
                    Finding(
                        .warning, "filtered-twice", at: service.place, in: site.masterFile,
                        "mail that comes back from \(filter.value) through \(service.title) passes guardd a second time",
                        remedy: "-o receive_override_options=no_milters"))
            }
        }
        return findings
    }

    /// Lines that end in a bare line feed hide a second message in a first.
    private static func smuggling(_ site: MailSite) -> [Finding] {
        site.smtpServers.filter { !$0.isLocalOnly }.compactMap { service in
            let setting = site.parameters(of: service)["smtpd_forbid_bare_newline"]
            guard setting.place != nil, ["no", "note"].contains(setting.value) else { return nil }
            return Finding(
                .error, "smuggling", at: setting.place, in: site.mainFile,
                "\(service.title) takes bare line feeds for ends of lines: a message can hide another one, with a "
                    + "sender of its choice",
                remedy: "smtpd_forbid_bare_newline = normalize")
        }
    }
}
