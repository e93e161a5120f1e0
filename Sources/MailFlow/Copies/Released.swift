public import Libcrypto
import MIME
import ProtectedMail

/// A message that may leave: nothing else is taken by whatever sends.
///
/// Each way to one asks for its reason: what the protector made, a clear copy that the rules of all its recipients allow,
/// and, for proxies, a message that goes on with the body it came with (``Passing`` has the reasons).
public struct Released: Sendable {
    /// The envelope sender as it came, with angle brackets.
    public let sender: [UInt8]
    /// ESMTP parameters of MAIL that travel: `RET`, `ENVID`, `SMTPUTF8`. `SIZE` and `BODY` are for whoever sends.
    public let senderParameters: [[UInt8]]
    public let recipients: [ReleasedRecipient]
    /// Where the original came from, as attributes of Postfix's XFORWARD; for logs, it decides nothing.
    public let trace: [(name: String, value: String)]
    /// All header fields, CRLF at the end of each; without the blank line.
    public let header: [UInt8]
    /// CRLF line ends.
    public let body: Spool
    /// Whether the copy is encrypted or signed.
    public let isProtected: Bool

    private init(
        _ route: ReleasedRoute, header: [UInt8], body: Spool, isProtected: Bool
    ) {
        sender = route.sender
        senderParameters = route.senderParameters
        recipients = route.recipients
        trace = route.trace
        self.header = header
        self.body = body
        self.isProtected = isProtected
    }

    /// What the protector made.
    init(_ message: ProtectedMessage, header: EditedHeader, route: ReleasedRoute) {
        self.init(route, header: header.serialized, body: message.body, isProtected: true)
    }

    /// What was decrypted for its only reader; nil for more than one.
    init?(_ message: OpenedMessage, header: EditedHeader, route: ReleasedRoute) {
        guard route.recipients.count == 1 else { return nil }
        self.init(route, header: header.serialized, body: message.body, isProtected: false)
    }

    /// Clear text, if every recipient's rule lets it go; nil if one does not.
    init?(clear body: Spool, header: EditedHeader, route: ReleasedRoute, rules: [Rule]) {
        guard rules.count == route.recipients.count, rules.allSatisfy(\.allowsClear) else { return nil }
        self.init(route, header: header.serialized, body: body, isProtected: false)
    }

    /// A message that goes on with the body it came with; nil where the reason does not hold.
    init?(_ body: Spool, passing: Passing, header: EditedHeader, route: ReleasedRoute) {
        switch passing {
        case .allowed(let rules): self.init(clear: body, header: header, route: route, rules: rules)
        case .inspected(let plan):
            guard plan.isEmpty else { return nil }
            self.init(route, header: header.serialized, body: body, isProtected: false)
        case .encrypted(let found):
            guard found == .protected else { return nil }
            self.init(route, header: header.serialized, body: body, isProtected: true)
        case .asserted(let found):
            guard found.count == route.recipients.count, found.allSatisfy(\.holds) else { return nil }
            self.init(route, header: header.serialized, body: body, isProtected: false)
        case .ownOutput: self.init(route, header: header.serialized, body: body, isProtected: true)
        }
    }

    /// Octets of the whole message.
    public var size: Int { header.count + 2 + body.count }
}

/// Why a message may go on with the body it came with.
enum Passing {
    /// It is clear text, and the rules of all its recipients, one each, let it go.
    case allowed([Rule])
    /// It is inbound and its recipients' rules ask for nothing: it reached us like this, and it is for our own users. What
    /// was found in it stands in our fields.
    case inspected(Plan)
    /// Its sender encrypted it, as a walk to the last octet has shown.
    case encrypted(AlreadyProtectedWalker.Verdict)
    /// It is on its last step, and for each recipient either no rule requires protection or a look has shown it.
    case asserted([Asserted])
    /// It was protected or written by guardd, as its marker has shown.
    case ownOutput
}

/// A recipient of a copy.
public struct ReleasedRecipient: Sendable, Equatable {
    /// As it came, with angle brackets.
    public let path: [UInt8]
    /// ESMTP parameters of RCPT: `NOTIFY`, `ORCPT`.
    public let parameters: [[UInt8]]
    /// For the log and the journal: canonical where it can be read.
    public let text: String

    public init(path: [UInt8], parameters: [[UInt8]] = [], text: String) {
        self.path = path
        self.parameters = parameters
        self.text = text
    }
}

/// The envelope of a copy.
struct ReleasedRoute {
    var sender: [UInt8]
    var senderParameters: [[UInt8]]
    var recipients: [ReleasedRecipient]
    var trace: [(name: String, value: String)] = []

    /// A client's name for the trace. Filters are told `[192.0.2.1]` where there is none, which the mail server's own
    /// command does not take, and counts as an error.
    static func traceName(_ name: String) -> String {
        let isHostName = name.utf8.allSatisfy {
            switch $0 {
            case 0x2D, 0x2E, 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: false
            }
        }
        return isHostName && !name.isEmpty && name != "unknown" ? name : "[UNAVAILABLE]"
    }
}

extension Rule {
    /// Whether mail to a recipient under this rule may go in clear. An opportunistic rule allows it where there is no key,
    /// if it says so; that there was none is for the planner to know.
    var allowsClear: Bool {
        switch encrypt {
        case .never: sign != .required
        case .opportunistic: missingKey == .sendClear && sign != .required
        case .required: false
        }
    }
}
