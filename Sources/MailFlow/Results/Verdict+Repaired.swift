import ProtectedMail

extension Verdict {
    private static let repaired = Reason(
        .repairedLineEnds, "the line ends of the signed content are not those that came")

    /// The verdict on a message whose body had line ends that are none in mail, and were made such. What was signed is then
    /// not what came, even where the signature fits: who tells servers apart by such line ends could make one see a
    /// signed message that the other does not. Inside of encryption nothing was repaired.
    func withRepairedLineEnds() -> Verdict {
        guard !signatures.isEmpty, !encrypted else { return self }
        var verdict = self
        verdict.status = .fail
        verdict.reasons.insert(Self.repaired, at: 0)
        for index in verdict.signatures.indices {
            verdict.signatures[index].status = .fail
            verdict.signatures[index].reasons.insert(Self.repaired, at: 0)
        }
        return verdict
    }
}
