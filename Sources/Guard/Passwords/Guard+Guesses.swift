import KeyStore
import Libcrypto
import MIME
import OpenPGP

/// Whose password is guessed at, and which.
struct GuessSubject: Sendable, Equatable {
    /// Names of mailboxes that nobody has share so many places: an attacker must not fill the store.
    private static let strangers: UInt64 = 4096

    var subject: String
    /// `PGP`, `SMIME` or `mailbox`.
    var kind: String

    /// The password of an account's keys.
    static func account(_ account: AccountRecord, _ type: CryptoType) -> GuessSubject {
        GuessSubject(subject: "account \(account.id)", kind: type.rawValue)
    }

    /// The password of a mailbox, which is not guardd's.
    static func mailbox(_ address: EmailAddress, _ account: AccountRecord?) throws -> GuessSubject {
        // A mailbox without account gets one by its first right password, so that nobody can clear a count that they share
        // with others twice.
        guard let account else { return try name(address.canonical.lowercased(), kind: "mailbox") }
        return GuessSubject(subject: "account \(account.id)", kind: "mailbox")
    }

    /// A name that is no account's, or not known to be one.
    static func name(_ name: String, kind: String) throws -> GuessSubject {
        let digest = try Digest.hash(.sha256, Array(name.utf8))
        let place = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % strangers
        return GuessSubject(subject: "name \(place)", kind: kind)
    }
}

extension Guard {
    /// Counts a guess before it is tried.
    ///
    /// - Throws: `lockedOut`, with the seconds to wait.
    func countGuess(_ guess: GuessSubject) throws {
        let limits = KeyStore.GuessLimits(
            failures: Int64(settings.passwords.failuresBeforeLock), firstLock: Int64(settings.passwords.lockSeconds),
            longestLock: Int64(settings.passwords.longestLockSeconds))
        let now = now().seconds
        steps?.count(.write)
        guard let end = try store.countGuess(subject: guess.subject, kind: guess.kind, now: now, limits: limits) else {
            return
        }
        throw GuardError(
            .lockedOut, "too many wrong passwords",
            retryAfter: Int(clamping: max(1, end.subtractingReportingOverflow(now).partialValue)))
    }

    /// After a right password.
    func forgetGuesses(_ guess: GuessSubject) throws {
        steps?.count(.write)
        try store.forgetGuesses(subject: guess.subject, kind: guess.kind)
    }
}
