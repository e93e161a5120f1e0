/// The table of error codes of the control API. Numbers and meanings never change; new ones are appended.
///
/// `PGP-CORE` and `PGP-KEYS` mean what they mean in the middleware of the same name; `GRD` is guardd's own and claims no
/// equality with the numbers of others.
public enum GuardErrorCode: String, Sendable, CaseIterable {
    case nothingEncrypted = "PGP-CORE-0001"
    case privateKeyMissing = "PGP-CORE-0002"
    case badPassword = "PGP-CORE-0003"
    case nothingSigned = "PGP-CORE-0004"
    case inputOutput = "PGP-CORE-0005"
    case cryptoFailed = "PGP-CORE-0006"
    case noPrimaryKey = "PGP-KEYS-0001"

    case sessionInvalid = "GRD-AUTH-0001"
    /// The password of the mailbox, or an `e_password` to be set that does not open.
    case credentialsRefused = "GRD-AUTH-0002"
    case lockedOut = "GRD-AUTH-0003"
    case tokenInvalid = "GRD-AUTH-0004"
    case passwordPolicy = "GRD-AUTH-0005"
    /// The socket peer, or the Basic credentials, may not do this.
    case notAllowed = "GRD-AUTH-0006"

    case keyNotFound = "GRD-KEY-0001"
    case notOwner = "GRD-KEY-0002"
    case deleteForbidden = "GRD-KEY-0003"
    case noMatchingUserID = "GRD-KEY-0004"
    case keyTooLarge = "GRD-KEY-0005"
    case keyUnreadable = "GRD-KEY-0006"
    case keyNotUsable = "GRD-KEY-0007"
    /// An Autocrypt header that may not be imported.
    case autocryptRefused = "GRD-KEY-0008"

    case recoveryDisabled = "GRD-REC-0001"
    case noRecoveryMaterial = "GRD-REC-0002"
    case mailNotSent = "GRD-REC-0003"

    case certificateNotFound = "GRD-CRT-0001"
    case chainInvalid = "GRD-CRT-0002"
    case pkiNotConfigured = "GRD-CRT-0003"
    case certificateUnreadable = "GRD-CRT-0004"
    case certificateAmbiguous = "GRD-CRT-0005"
    case pkiFailed = "GRD-CRT-0006"

    case guestsNotAllowed = "GRD-GUEST-0001"
    /// Wrong PIN, wrong reset identifier, wrong item: one code for all, so that none can be told from another.
    case guestRefused = "GRD-GUEST-0002"

    case notMIME = "GRD-MAIL-0001"
    case recipientWithoutKey = "GRD-MAIL-0002"
    case mailTooLarge = "GRD-MAIL-0003"

    case missingParameter = "GRD-REQ-0001"
    case unknownAction = "GRD-REQ-0002"
    case secretInQuery = "GRD-REQ-0003"
    case badParameter = "GRD-REQ-0004"
    case bodyTooLarge = "GRD-REQ-0005"
    case unknownModule = "GRD-REQ-0006"
    case methodNotAllowed = "GRD-REQ-0007"

    /// Too much work in hand.
    case busy = "GRD-SRV-0001"
    /// The store or a service behind guardd does not answer.
    case unavailable = "GRD-SRV-0002"
    case internalFailure = "GRD-SRV-0003"

    /// The kinds of error that callers of the API know by name and number.
    public enum Category: Int, Sendable {
        case userInput = 1
        case userConfiguration = 2
        case permissionDenied = 3
        case tryAgain = 4
        case serviceDown = 5
        case connectivity = 6
        case error = 7
        case codeError = 8
        case conflict = 9
        case configuration = 10
        case capacity = 11
        case truncated = 12
        case warning = 13

        /// As written in `categories`.
        public var name: String {
            switch self {
            case .userInput: "USER_INPUT"
            case .userConfiguration: "USER_CONFIGURATION"
            case .permissionDenied: "PERMISSION_DENIED"
            case .tryAgain: "TRY_AGAIN"
            case .serviceDown: "SERVICE_DOWN"
            case .connectivity: "CONNECTIVITY"
            case .error: "ERROR"
            case .codeError: "CODE_ERROR"
            case .conflict: "CONFLICT"
            case .configuration: "CONFIGURATION"
            case .capacity: "CAPACITY"
            case .truncated: "TRUNCATED"
            case .warning: "WARNING"
            }
        }
    }

    public var category: Category {
        switch self {
        case .nothingEncrypted, .privateKeyMissing, .badPassword, .nothingSigned, .noPrimaryKey, .passwordPolicy,
            .keyNotFound, .noMatchingUserID, .keyTooLarge, .keyUnreadable, .keyNotUsable, .autocryptRefused,
            .noRecoveryMaterial, .certificateNotFound, .chainInvalid, .certificateUnreadable, .certificateAmbiguous,
            .guestRefused, .notMIME, .recipientWithoutKey, .mailTooLarge, .missingParameter, .badParameter,
            .secretInQuery, .bodyTooLarge, .credentialsRefused:
            .userInput
        case .sessionInvalid, .tokenInvalid, .lockedOut: .tryAgain
        case .notAllowed, .notOwner, .deleteForbidden, .guestsNotAllowed: .permissionDenied
        case .recoveryDisabled, .pkiNotConfigured: .configuration
        case .unknownAction, .unknownModule, .methodNotAllowed: .codeError
        case .busy: .tryAgain
        case .unavailable, .mailNotSent, .pkiFailed: .serviceDown
        case .inputOutput, .cryptoFailed, .internalFailure: .error
        }
    }
}
