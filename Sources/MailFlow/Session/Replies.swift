/// The refusals that name no rule.
enum Replies {
    static let draining = SMTPReply(code: 451, enhanced: "4.3.2", text: "guardd is being restarted, try again later")
    static let busy = SMTPReply(code: 451, enhanced: "4.3.1", text: "guardd has too much mail in work, try again later")
    static let failure = SMTPReply(
        code: 451, enhanced: "4.3.0", text: "guardd could not process the message, try again later")
    static let headerTooLarge = SMTPReply(code: 552, enhanced: "5.3.4", text: "the message header is too large")

    static let notInClear = SMTPReply(
        code: 550, enhanced: "5.7.5", text: "the message would go in clear, which a rule of its recipients forbids")

    static func noGuests(_ recipient: String) -> SMTPReply {
        SMTPReply(
            code: 550, enhanced: "5.7.5", text: "<\(recipient)>: no usable encryption key, and there are no guests here"
        )
    }

    static func tooLarge(_ limit: Int) -> SMTPReply {
        SMTPReply(
            code: 552, enhanced: "5.3.4",
            text: "the protected form of the message would be larger than the limit of \(limit) octets")
    }
}
