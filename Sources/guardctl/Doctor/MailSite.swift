import Foundation
import Settings

/// What a mail server's configuration says, and what guardd needs of it.
struct MailSite {
    /// The part of guardd's own configuration that has a counterpart there.
    struct Gateway {
        var endpoint: MilterEndpoint?
        /// `socket` as written.
        var socket = ""
        var authservID = ""
        var hostname = ""
        var outboundDaemons: [String] = ["ORIGINATING"]
        var usesLogin = true
        var usesCertificates = false
        /// The largest message that guardd lets through, in octets; 0 for no limit.
        var messageSizeLimit = 0
        /// Seconds that guardd may take at the end of a message.
        var endOfMessageBudget = 120
        /// Where copies of split messages go; nil where none are made.
        var copies: CopyHop?
        var proxies: [Proxy] = []
        /// Rules, each with its place, that say what a mailbox gets.
        var mailboxRules: [(name: String, place: String)] = []
        /// guardd's own configuration.
        var file = "guardd.toml"
    }

    /// A listener of the proxy.
    struct Proxy {
        var name: String
        var role: ProxySettings.Role
        var listen: CopyHop
        var nextHop: CopyHop
        /// Whether everybody on some network may connect.
        var isOpen = false
    }

    var main: PostfixParameters
    var mainFile: String
    var services: [MasterService]
    var masterFile: String
    var gateway: Gateway
    /// Reads a file that the configuration names; nil where it cannot be read.
    var read: (String) -> String? = { try? String(contentsOfFile: $0, encoding: .utf8) }

    var queueDirectory: String { main["queue_directory"].value }
    var smtpServers: [MasterService] { services.filter { $0.command == "smtpd" } }

    /// Takes the copies of split messages.
    var copyListener: MasterService? { gateway.copies.flatMap { listener(at: $0) } }

    /// The SMTP server that listens there.
    func listener(at hop: CopyHop) -> MasterService? {
        smtpServers.first { hop.leads(to: $0, queueDirectory: queueDirectory) }
    }

    /// The proxy that a setting names, as `smtp:[127.0.0.1]:10025`, `lmtp:unix:path`, `inet:host:port` or `host:port`.
    func proxy(at value: String) -> Proxy? {
        let hop: CopyHop
        if let range = value.range(of: "unix:") {
            let path = String(value[range.upperBound...])
            hop = .unix(path.hasPrefix("/") ? path : "\(queueDirectory)/\(path)")
        } else {
            // Behind the name of a transport and the kind of a socket.
            var rest = value[...]
            while rest.count(where: { $0 == ":" }) > 1, !rest.hasPrefix("["), let colon = rest.firstIndex(of: ":") {
                rest = rest[rest.index(after: colon)...]
            }
            hop = CopyHop(String(rest))
        }
        return gateway.proxies.first { $0.listen == hop }
    }

    /// Where mail comes in, not where it comes back.
    var entrances: [MasterService] {
        smtpServers.filter { service in
            service.place != copyListener?.place
                && (!service.isLocalOnly
                    || milters("smtpd_milters", of: service).entries.contains {
                        isGateway($0, isChrooted: service.isChrooted)
                    })
        }
    }

    /// The parameters as one service sees them.
    func parameters(of service: MasterService) -> PostfixParameters { main.overridden(by: service.options) }

    /// A list of filters of a service, and where it is written.
    func milters(
        _ name: String, of service: MasterService?
    ) -> (entries: [MilterEntry], place: PostfixParameters.Place?) {
        let parameters = service.map { self.parameters(of: $0) } ?? main
        if parameters.list("receive_override_options").contains("no_milters") {
            return ([], parameters["receive_override_options"].place)
        }
        let setting = parameters[name]
        return (MilterEntry.parse(setting.value), setting.place)
    }

    func isGateway(_ entry: MilterEntry, isChrooted: Bool) -> Bool {
        guard let endpoint = gateway.endpoint else { return false }
        return entry.endpoint(queueDirectory: queueDirectory, isChrooted: isChrooted) == endpoint
    }

    /// How Postfix would write the address of guardd.
    var gatewayAddress: String {
        if case .unix(let path) = gateway.endpoint, path.hasPrefix(queueDirectory + "/") {
            return "unix:" + path.dropFirst(queueDirectory.count + 1)
        }
        return gateway.socket
    }
}
