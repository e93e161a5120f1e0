import CMilter
import MailFlow

/// The options agreed with the MTA at the start of a connection.
struct Negotiation: Equatable {
    /// What must be offered: without any one of these a protected message cannot be handed back.
    static let requiredActions = UInt(SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY)
    /// Steps never wanted: the HELO name and unknown commands decide nothing.
    static let unwantedSteps = UInt(SMFIP_NOHELO | SMFIP_NOUNKNOWN)
    /// Taken when offered. No reply to connect and to each header field saves that many round trips.
    static let optionalSteps = UInt(SMFIP_SKIP | SMFIP_HDR_LEADSPC | SMFIP_NR_HDR | SMFIP_NR_CONN)

    /// Not wanted on a unix socket. Over TCP the reply to DATA breaks up a wait of 40 ms, see `onData`.
    static let unwantedLocalSteps = UInt(SMFIP_NODATA)

    /// The macros each stage needs, so that Postfix sends these and whatever its own lists say does not matter.
    static let macros: [(stage: Int32, names: [StaticString])] = [
        (SMFIM_CONNECT, ["j", "{daemon_name}"]),
        (
            SMFIM_ENVFROM,
            ["i", "{daemon_name}", "{auth_type}", "{auth_authen}", "{auth_author}", "{cert_subject}", "{cert_issuer}"]
        ),
        (SMFIM_ENVRCPT, ["i", "{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}"]),
        (SMFIM_DATA, ["i"]),
        (SMFIM_EOH, ["i"]),
        (SMFIM_EOM, ["i"]),
    ]

    let actions: UInt
    let steps: UInt

    /// nil when the MTA lacks an action guardd cannot do without. `isLocal`: it comes by a unix socket.
    init?(offeredActions: UInt, offeredSteps: UInt, isLocal: Bool) {
        guard offeredActions & Self.requiredActions == Self.requiredActions else { return nil }
        actions = Self.requiredActions | (offeredActions & UInt(SMFIF_SETSYMLIST))
        steps =
            offeredSteps
            & (Self.unwantedSteps | Self.optionalSteps | (isLocal ? Self.unwantedLocalSteps : 0))
    }

    var setsMacros: Bool { actions & UInt(SMFIF_SETSYMLIST) != 0 }
    var canSkip: Bool { steps & UInt(SMFIP_SKIP) != 0 }
    /// Header values carry the blank after the colon, in both directions.
    var leadingSpace: Bool { steps & UInt(SMFIP_HDR_LEADSPC) != 0 }
    var repliesToHeader: Bool { steps & UInt(SMFIP_NR_HDR) == 0 }
    var repliesToConnect: Bool { steps & UInt(SMFIP_NR_CONN) == 0 }
}

/// Which macros to read at an event: those asked for with it and with the events before it, each once.
struct MacroNames {
    static let connect = MacroNames(SMFIM_CONNECT)
    static let sender = MacroNames(SMFIM_CONNECT, SMFIM_ENVFROM)
    static let recipient = MacroNames(SMFIM_CONNECT, SMFIM_ENVFROM, SMFIM_ENVRCPT)
    static let message = MacroNames(SMFIM_CONNECT, SMFIM_ENVFROM, SMFIM_EOM)

    /// As libmilter wants them, and without braces.
    private let names: [(symbol: StaticString, text: String)]

    private init(_ stages: Int32...) {
        var names: [(symbol: StaticString, text: String)] = []
        for (stage, symbols) in Negotiation.macros where stages.contains(stage) {
            for symbol in symbols {
                let text = symbol.description.filter { $0 != "{" && $0 != "}" }
                if !names.contains(where: { $0.text == text }) { names.append((symbol, text)) }
            }
        }
        self.names = names
    }

    /// Their values now.
    func read(_ context: OpaquePointer) -> Macros {
        var macros = Macros()
        for (symbol, text) in names {
            // libmilter only reads the name; a literal ends with a zero.
            let name = UnsafeMutableRawPointer(mutating: symbol.utf8Start).assumingMemoryBound(to: CChar.self)
            if let value = smfi_getsymval(context, name) { macros.add(text, String(cString: value)) }
        }
        return macros
    }
}
