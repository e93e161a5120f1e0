public import KeyStore
public import Libcrypto

/// What a login tells.
public struct LoginAnswer: Sendable {
    /// What stands in the place of a token.
    public enum Auth: Sendable, Equatable {
        case token(SecretBytes)
        /// There is no private key: whoever asks should make one.
        case noKey
        /// There is one; no password was given.
        case passwordNeeded

        /// The word that answers carry; nil for a token. Wrong passwords and locks are errors and have none.
        public var word: String? {
            switch self {
            case .token: nil
            case .noKey: "No Key"
            case .passwordNeeded: "Password Needed"
            }
        }
    }

    public var account: AccountRecord
    public var serverName: String
    /// See ``Guard/transportKey()``.
    public var transportKey: String
    public var auth: Auth
    /// Whether the password of the current key can be reset.
    public var canRecover: Bool
    public var offersRecovery: Bool
    public var mayDeletePrivateKeys: Bool
    public var mayDeleteRecovery: Bool
    public var minimumPasswordLength: Int
    public var generatedPasswordLength: Int
}
