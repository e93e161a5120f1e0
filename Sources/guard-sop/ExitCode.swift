/// The failures that the draft gives numbers to (section "Failure Modes"). Its 97 and 101 are about keys in hardware, which
/// are not read here.
enum ExitCode: Int32, CaseIterable {
    case unspecified = 1
    case noSignature = 3
    case unsupportedAsymmetricAlgorithm = 13
    case certificateCannotEncrypt = 17
    case missingArgument = 19
    case incompleteVerification = 23
    case cannotDecrypt = 29
    case passwordNotHumanReadable = 31
    case unsupportedOption = 37
    case badData = 41
    case expectedText = 53
    case outputExists = 59
    case missingInput = 61
    case keyIsProtected = 67
    case unsupportedSubcommand = 69
    case unsupportedSpecialPrefix = 71
    case ambiguousInput = 73
    case keyCannotSign = 79
    case incompatibleOptions = 83
    case unsupportedProfile = 89
    case primaryKeyBad = 103
    case userIDNoMatch = 107
    case keyCannotCertify = 109
}
