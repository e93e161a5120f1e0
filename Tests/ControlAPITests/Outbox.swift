import Guard
import Libcrypto
import MIME
import TestSupport

/// Keeps what would have been sent.
final class Outbox: MailSender {
    let messages = Lock<[(to: [EmailAddress], text: String)]>([])
    /// While true nobody takes mail.
    let isBroken = Lock(false)

    func send(to recipients: [EmailAddress], message: [UInt8]) throws {
        guard !isBroken.withLock({ $0 }) else { throw GuardError(.mailNotSent, "nobody takes it") }
        messages.withLock { $0.append((recipients, String(decoding: message, as: UTF8.self))) }
    }

    /// What follows `mark` in the text of the newest mail that has it.
    func word(after mark: String) throws -> String {
        for mail in messages.withLock({ $0 }).reversed() {
            let message = try Message(parsing: Array(mail.text.utf8))
            guard let part = message.root.children.first else { continue }
            var decoder = QuotedPrintableDecoder()
            var output: [UInt8] = []
            decoder.push(Array(message.bytes[part.bodyRange]).span, into: &output)
            decoder.finish(into: &output)
            let text = String(decoding: output, as: UTF8.self)
            guard let range = text.firstRange(of: mark) else { continue }
            return String(text[range.upperBound...].prefix { $0.isHexDigit })
        }
        throw TestFailure("no mail has \(mark)")
    }
}
