/// What went wrong in the store or with its master key: a code to act on and a sentence for the administrator.
/// Two errors are equal if their codes are.
public struct KeyStoreError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable, CaseIterable {
        /// Another process holds the lock; the same call may succeed a moment later.
        case busy
        /// The server of the store cannot be reached, or went away in the middle; it may be back a moment later.
        case unavailable
        /// No space left for the store, its log or a backup.
        case diskFull = "disk-full"
        /// Reading or writing failed below the store.
        case inputOutput = "io"
        /// The file is there but damaged.
        case corrupt
        /// The file is something else than a guardd store.
        case notAStore = "not-a-store"
        /// The store was written by a newer guardd.
        case newerSchema = "newer-schema"
        /// File or directory is absent.
        case missing
        /// Something that must be made new exists already.
        case exists
        /// The operating system or our own rule on file modes forbids it.
        case permissions
        /// A master key file of wrong size or kind.
        case masterKeyMalformed = "master-key-malformed"
        /// The master key does not belong to this store.
        case wrongMasterKey = "wrong-master-key"
        /// A sealed record does not open: changed, or moved from another row.
        case sealBroken = "seal-broken"
        /// No such certificate or key.
        case notFound = "not-found"
        /// More than one entry answers to the name.
        case ambiguous
        /// A certificate cannot be deleted alone while its secret key is here.
        case hasSecretKey = "has-secret-key"
        /// The secret key is locked and no password was given.
        case passwordRequired = "password-required"
        /// The password does not unlock the secret key.
        case wrongPassword = "wrong-password"
        /// Bytes that hold no usable certificate or key.
        case unusableInput = "unusable-input"
        /// A defect of the store code itself.
        case internalFailure = "internal"
    }

    public let code: Code
    /// What was wrong, where, and what to do. Never holds key material or passwords.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether waiting may help: mail answers 451 and the sender tries again. (Mail flow defers on every other store
    /// failure too; this says only whether an administrator has to act first.)
    public var isTemporary: Bool { [.busy, .unavailable, .diskFull, .inputOutput].contains(code) }

    public var description: String { message }

    public static func == (a: KeyStoreError, b: KeyStoreError) -> Bool { a.code == b.code }
}
