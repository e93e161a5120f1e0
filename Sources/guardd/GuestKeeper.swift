import Guard
import Libcrypto
import MIME
import MailFlow

/// Keeps mail for guests with the use cases, and says in SMTP what they refuse.
struct GuestKeeper: GuestDesk {
    let `guard`: Guard

    func hold(_ message: Spool, for recipients: [EmailAddress], from sender: EmailAddress?) -> GuestDeskResult {
        do {
            try `guard`.hold(message, for: recipients, from: sender, language: "")
            return .held
        } catch {
            let code = (error as? GuardError)?.code
            let isPermanent = code == .guestsNotAllowed || code == .mailTooLarge
            return .refused(
                SMTPReply(
                    code: isPermanent ? 550 : 451, enhanced: isPermanent ? "5.7.5" : "4.3.0",
                    text: (error as? GuardError)?.detail ?? "the message could not be kept for its recipients"))
        }
    }
}
