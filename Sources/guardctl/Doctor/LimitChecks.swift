/// Sizes and times.
enum LimitChecks {
    static func run(_ site: MailSite) -> [Finding] { sizes(site) + times(site) }

    /// A body that a filter replaces is measured against the limit of the cleanup service, and protection makes it larger.
    private static func sizes(_ site: MailSite) -> [Finding] {
        var findings: [Finding] = []
        let advertised = site.entrances.compactMap { site.parameters(of: $0).integer("message_size_limit") }
        guard let largest = advertised.max(), !advertised.contains(0) else { return findings }
        let cleanups = site.services.filter { $0.command == "cleanup" }
        for service in cleanups {
            let setting = site.parameters(of: service)["message_size_limit"]
            let (wanted, isTooLarge) = largest.addingReportingOverflow(largest / 2)
            guard !isTooLarge, let limit = Int(setting.value), limit > 0, limit < wanted else { continue }
            findings.append(
                Finding(
                    .warning, "cleanup-size-limit", at: service.place, in: site.masterFile,
                    "\(service.title) takes \(limit) octets while up to \(largest) are advertised: mail near the limit "
                        + "is refused after it was made larger by encryption and armor",
                    remedy: "-o message_size_limit=\(wanted)"))
        }
        if site.gateway.messageSizeLimit > 0, site.gateway.messageSizeLimit > largest * 3 / 2 {
            findings.append(
                Finding(
                    .notice, "gateway-size-limit", at: site.main["message_size_limit"].place, in: site.mainFile,
                    "guardd lets through \(site.gateway.messageSizeLimit) octets, more than any cleanup service that "
                        + "fits the advertised \(largest)",
                    remedy: "message_size_limit = \(largest) in guardd.toml"))
        }
        return findings
    }

    private static func times(_ site: MailSite) -> [Finding] {
        var findings: [Finding] = []
        func check(_ entries: [MilterEntry], _ parameters: PostfixParameters, _ isChrooted: Bool) {
            for entry in entries where site.isGateway(entry, isChrooted: isChrooted) {
                for (name, option, least, recommended, why) in [
                    (
                        "milter_content_timeout", "content_timeout", site.gateway.endOfMessageBudget + 30, "300s",
                        "guardd may take \(site.gateway.endOfMessageBudget) s at the end of a message"
                    ),
                    (
                        "milter_command_timeout", "command_timeout", 30, "30s",
                        "a look-up in a busy store takes a few seconds"
                    ),
                ] {
                    let setting = parameters[name]
                    let text = entry.options[option] ?? setting.value
                    guard let seconds = PostfixParameters.seconds(text), seconds < least else { continue }
                    findings.append(
                        Finding(
                            .warning, "timeout", at: setting.place, in: site.mainFile,
                            "Postfix waits \(seconds) s, but \(why): mail would be deferred, or come twice",
                            remedy: "\(entry.options[option] == nil ? name : option) = \(recommended)"))
                }
            }
        }
        for service in site.smtpServers {
            check(
                site.milters("smtpd_milters", of: service).entries, site.parameters(of: service), service.isChrooted)
        }
        let cleanup = site.services.first { $0.name == "cleanup" }
        check(
            site.milters("non_smtpd_milters", of: nil).entries, cleanup.map { site.parameters(of: $0) } ?? site.main,
            cleanup?.isChrooted ?? false)
        return findings
    }
}
