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

    /// The macros each stage needs, so that Postfix sends these and whatever its own lists say does not matter.
    static let macros: [(stage: Int32, names: [String])] = [
        (SMFIM_CONNECT, ["{daemon_name}"]),
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

    /// nil when the MTA lacks an action guardd cannot do without.
    init?(offeredActions: UInt, offeredSteps: UInt) {
        guard offeredActions & Self.requiredActions == Self.requiredActions else { return nil }
        actions = Self.requiredActions | (offeredActions & UInt(SMFIF_SETSYMLIST))
        steps = offeredSteps & (Self.unwantedSteps | Self.optionalSteps)
    }

    var setsMacros: Bool { actions & UInt(SMFIF_SETSYMLIST) != 0 }
    var canSkip: Bool { steps & UInt(SMFIP_SKIP) != 0 }
    /// Header values carry the blank after the colon, in both directions.
    var leadingSpace: Bool { steps & UInt(SMFIP_HDR_LEADSPC) != 0 }
    var repliesToHeader: Bool { steps & UInt(SMFIP_NR_HDR) == 0 }
    var repliesToConnect: Bool { steps & UInt(SMFIP_NR_CONN) == 0 }
}

/// The macros of the stages up to now, as `names` of the stage ask for.
func readMacros(_ context: OpaquePointer, _ stages: Int32...) -> Macros {
    var values: [String: String] = [:]
    for (stage, names) in Negotiation.macros where stages.contains(stage) {
        for name in names {
            var symbol = name.utf8CString.map { $0 }
            if let value = smfi_getsymval(context, &symbol) { values[name] = String(cString: value) }
        }
    }
    return Macros(values)
}
