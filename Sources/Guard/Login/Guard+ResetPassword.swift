import KeyStore
import MIME

extension Guard {
    /// Gives the caller a new password for their current key, by mail: to the secondary address, or without one to the
    /// mailbox itself, where rules of the mail flow do not touch it.
    ///
    /// The mail goes first. One that nobody takes leaves the old password in force; one that arrives although the change
    /// then fails holds a password that opens nothing.
    ///
    /// A session proves that its owner reads the mailbox or is who the webmail says, so that no link has to be confirmed
    /// first; three resets an hour for an account and thirty for a source are the limit.
    ///
    /// - Parameters:
    ///   - source: who asks: a user ID, a network address.
    ///   - number: of the administrator's templates.
    /// - Throws: `recoveryDisabled`, `noRecoveryMaterial`, `privateKeyMissing`, `lockedOut`, `mailNotSent`, `busy`.
    public func resetPassword(
        _ caller: Caller, _ type: CryptoType, source: String, language: String = "", templateNumber number: Int? = nil
    ) throws {
        let account = caller.account
        try audited(
            actor: "user:\(account.address.canonical)", action: "password.reset \(type.rawValue)",
            target: account.address.canonical
        ) { line in
            try countReset(try .name(source, kind: "reset source"), perHour: 30)
            try resetPassword(
                of: account, type, to: account.secondary ?? account.address, language: language, number: number,
                audit: line)
        }
    }

    /// The same for whoever may ask for others.
    func resetPassword(
        of account: AccountRecord, _ type: CryptoType, to address: EmailAddress, language: String, number: Int? = nil,
        audit line: KeyStore.AuditRecord?
    ) throws {
        var subject = GuessSubject.account(account, type)
        subject.kind = "reset \(type.rawValue)"
        try countReset(subject)
        let reset = try prepareReset(account, type)
        try send(
            .reset, to: address, language: language.isEmpty ? account.language : language, number: number,
            values: ["address": account.address.canonical], secret: reset.password)
        try completeReset(reset, audit: line)
    }

    /// Counts a request for a new password before it is granted.
    ///
    /// - Throws: `lockedOut`.
    func countReset(_ subject: GuessSubject, perHour: Int64 = 3) throws {
        let limits = KeyStore.GuessLimits(failures: perHour, firstLock: 3600, longestLock: 86_400)
        let now = now().seconds
        steps?.count(.write)
        let end = try translating {
            try store.countGuess(subject: subject.subject, kind: subject.kind, now: now, limits: limits)
        }
        guard let end else { return }
        throw GuardError(
            .lockedOut, "too many new passwords were asked for", retryAfter: Int(clamping: max(1, end - now)))
    }
}
