import Guard

/// What a login tells.
struct LoginResponse: Encodable, Sendable {
    struct Settings: Encodable, Sendable {
        let pgpdefault: Bool
        let pgpsign: Bool
        let inline: Bool
        let noDeletePrivate: Bool
        let noRecovery: Bool
        let noDeleteRecovery: Bool
        let minimumPasswordLength: Int
        let passwordLength: Int

        enum CodingKeys: String, CodingKey {
            case pgpdefault, pgpsign, inline, noDeletePrivate, noRecovery, noDeleteRecovery
            case minimumPasswordLength = "min_password_length"
            case passwordLength = "password_length"
        }
    }

    let server: String
    let cid: Int64
    let primaryEmail: String
    let pubKey: String
    /// A token, or a short word.
    let auth: String
    let recoveryAvail: Bool
    let lang: [String: String]
    let settings: Settings

    init(_ answer: LoginAnswer) {
        server = answer.serverName
        cid = answer.account.domainID
        primaryEmail = answer.account.address.canonical
        pubKey = answer.transportKey
        if case .token(let token) = answer.auth { auth = token.text } else { auth = answer.auth.word ?? "" }
        recoveryAvail = answer.canRecover
        lang = Dictionary(uniqueKeysWithValues: Language.allCases.map { ($0.rawValue, $0.displayName) })
        settings = Settings(
            pgpdefault: answer.account.encryptsByDefault, pgpsign: answer.account.signsByDefault,
            inline: answer.account.inlineByDefault, noDeletePrivate: !answer.mayDeletePrivateKeys,
            noRecovery: !answer.offersRecovery, noDeleteRecovery: !answer.mayDeleteRecovery,
            minimumPasswordLength: answer.minimumPasswordLength, passwordLength: answer.generatedPasswordLength)
    }
}
