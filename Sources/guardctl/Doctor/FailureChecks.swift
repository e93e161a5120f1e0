/// What happens to mail while guardd does not answer.
enum FailureChecks {
    static func run(_ site: MailSite) -> [Finding] {
        var findings: [Finding] = []
        for service in site.smtpServers {
            let (entries, place) = site.milters("smtpd_milters", of: service)
            for entry in entries where site.isGateway(entry, isChrooted: service.isChrooted) {
                findings += action(of: entry, site.parameters(of: service), at: place, site)
            }
        }
        let (entries, place) = site.milters("non_smtpd_milters", of: nil)
        let cleanup = site.services.first { $0.command == "cleanup" }
        for entry in entries where site.isGateway(entry, isChrooted: cleanup?.isChrooted ?? false) {
            findings += action(of: entry, cleanup.map { site.parameters(of: $0) } ?? site.main, at: place, site)
        }
        return findings
    }

    /// The default action of one entry: in its braces, else of the service.
    static func action(
        of entry: MilterEntry, _ parameters: PostfixParameters, at place: PostfixParameters.Place?, _ site: MailSite
    ) -> [Finding] {
        let own = entry.options["default_action"]
        let setting = parameters["milter_default_action"]
        let action = own ?? setting.value
        let remedy = own == nil ? "milter_default_action = tempfail" : "default_action=tempfail"
        let at = own == nil ? setting.place : place
        switch action.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? "" {
        case "tempfail": return []
        case "accept":
            return [
                Finding(
                    .error, "default-action-accept", at: at, in: site.mainFile,
                    "mail leaves in clear whenever guardd is down, restarting or too slow; a Postfix from before "
                        + "August 2026 also lets the clear text out when guardd is lost while it replaces the body",
                    remedy: remedy)
            ]
        case "quarantine":
            return [
                Finding(
                    .error, "default-action-quarantine", at: at, in: site.mainFile,
                    "mail is put on hold while guardd is down, and whoever releases it sends it past every filter, in "
                        + "clear; a Postfix from before August 2026 also keeps the clear text when guardd is lost while "
                        + "it replaces the body",
                    remedy: remedy)
            ]
        case "reject", "shutdown":
            return [
                Finding(
                    .warning, "default-action-reject", at: at, in: site.mainFile,
                    "mail is refused for good while guardd is down, that would have gone through a minute later",
                    remedy: remedy)
            ]
        default:
            return [
                Finding(
                    .warning, "default-action-unknown", at: at, in: site.mainFile,
                    "the default action \"\(action)\" is none that is known here", remedy: remedy)
            ]
        }
    }
}
