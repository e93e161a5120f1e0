import MailFlow
import ProtectedMail

/// The header fields that guardd adds for a verdict.
enum VerdictFields {
    /// Each field on one line, unfolded.
    static func lines(_ verdict: Verdict, authservID: String) -> [String] {
        [
            (ResultField.name, ResultField.value(authservID: authservID, verdict: verdict)),
            (VerdictField.name, VerdictField.value(verdict)),
        ].map { name, value in
            let words = value.split(whereSeparator: { $0 == "\n" || $0 == "\t" || $0 == " " })
            return "\(name): \(words.joined(separator: " "))"
        }
    }
}
