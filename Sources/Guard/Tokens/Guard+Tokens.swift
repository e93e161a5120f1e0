import KeyStore
public import Libcrypto
public import OpenPGP

/// Tokens: what is behind them and how long.
extension Guard {
    private static let secretsPurpose = "token"
    private static let attachmentPurpose = "attached token"

    /// A fresh token for what opens the caller's keys.
    ///
    /// - Parameter minutes: attaches the token to the session for so long, see ``AuthToken/minutesValid``; nil attaches
    ///   nothing, and the token counts for a time of the settings.
    public func issueToken(
        _ secrets: UnlockSecrets, to caller: Caller, _ type: CryptoType, minutes: Int64? = nil
    ) throws -> AuthToken {
        try translating {
            let draft = try draftToken(secrets, to: caller, type, life: try minutes.map(TokenLife.init))
            steps?.count(.write)
            try store.insertToken(draft.key, draft.record, attaching: draft.attachment)
            return draft.token
        }
    }

    /// A token that is ready to be stored.
    struct TokenDraft {
        var token: AuthToken
        var key: KeyStore.TokenKey
        var record: KeyStore.TokenRecord
        var attachment: KeyStore.TokenAttachment?
    }

    func draftToken(
        _ secrets: UnlockSecrets, to caller: Caller, _ type: CryptoType, life: TokenLife?
    ) throws -> TokenDraft {
        let text = Base64Text.encodeForURL(try SecretBytes.random(count: 32))
        let now = now().seconds
        let sessionEnd = try sessionEnd(caller, now)
        let end =
            life?.end(from: now, sessionEnd: sessionEnd)
            ?? min(sessionEnd, now + Int64(settings.sessions.tokenSeconds))
        let record = KeyStore.TokenRecord(
            created: now, ends: end, uses: life?.isSingleUse == true ? 1 : nil,
            sealed: try seal(secrets, caller, type, text, end: end))
        let token = AuthToken(text: text, minutesValid: life?.minutes ?? max(1, (end - now) / 60), created: now)
        return TokenDraft(
            token: token, key: try key(text, caller, type), record: record,
            attachment: try life.map { try attachment(token, secrets, caller, type, $0, end: end) })
    }

    /// What a token opens the caller's keys with. Uses a single-use token up.
    ///
    /// - Throws: `tokenInvalid`: unknown, expired, used up, of another session, account or type, all alike.
    public func unlock(token: SecretBytes, for caller: Caller, _ type: CryptoType) throws -> UnlockSecrets {
        try translating {
            steps?.count(.read)
            let record = try store.takeToken(key(token, caller, type), now: now().seconds)
            return try open(record, token, caller, type)
        }
    }

    /// The same with the token that is attached to the caller's session.
    ///
    /// - Returns: nil where none is attached, or no more.
    public func unlockAttached(for caller: Caller, _ type: CryptoType) throws -> UnlockSecrets? {
        guard let token = try attachedToken(of: caller, type) else { return nil }
        do { return try unlock(token: token.text, for: caller, type) } catch let error as GuardError
            where error.code == .tokenInvalid
        { return nil }
    }

    /// The token that is attached to the caller's session, with the minutes that are left; nil where there is none.
    public func attachedToken(of caller: Caller, _ type: CryptoType) throws -> AuthToken? {
        try translating {
            let now = now().seconds
            steps?.count(.read)
            guard
                let attached = try store.attachedToken(
                    session: caller.sessionHash, account: caller.account.id, type: type.rawValue, now: now)
            else { return nil }
            let seal = try attachmentSeal(caller, type, end: attached.ends)
            guard let text = try? seal.open(attached.token) else { return nil }
            let minutes = attached.minutes > 0 ? max(1, (attached.ends - now + 59) / 60) : attached.minutes
            return AuthToken(text: text, minutesValid: minutes, created: attached.created)
        }
    }

    /// Attaches a token of the caller to their session.
    ///
    /// - Parameters:
    ///   - minutes: see ``AuthToken/minutesValid``; from now on.
    /// - Throws: `tokenInvalid`, `badParameter`.
    public func attach(
        token: SecretBytes, to caller: Caller, _ type: CryptoType, minutes: Int64
    ) throws -> AuthToken {
        try translating {
            let life = try TokenLife(minutes: minutes)
            let now = now().seconds
            let key = try key(token, caller, type)
            steps?.count(.read)
            guard let known = try store.token(key, now: now) else { throw Self.invalidToken }
            let secrets = try open(known, token, caller, type)
            guard known.uses == nil || life.isSingleUse else {
                // It would have more uses than it was made for.
                throw Self.invalidToken
            }
            let end = life.end(from: now, sessionEnd: try sessionEnd(caller, now))
            let record = KeyStore.TokenRecord(
                created: now, ends: end, uses: life.isSingleUse ? 1 : nil,
                sealed: try seal(secrets, caller, type, token, end: end))
            let attached = AuthToken(text: token, minutesValid: minutes, created: now)
            let attachment = try attachment(attached, secrets, caller, type, life, end: end)
            steps?.count(.write)
            guard try store.attachToken(key, record, attachment, now: now) else { throw Self.invalidToken }
            return attached
        }
    }

    // MARK: Seals

    private static var invalidToken: GuardError { GuardError(.tokenInvalid, "the token does not count") }

    private func key(_ token: SecretBytes, _ caller: Caller, _ type: CryptoType) throws -> KeyStore.TokenKey {
        KeyStore.TokenKey(
            id: try Self.hash(token), session: caller.sessionHash, account: caller.account.id, type: type.rawValue)
    }

    private func seal(
        _ secrets: UnlockSecrets, _ caller: Caller, _ type: CryptoType, _ token: SecretBytes, end: Int64
    ) throws -> [UInt8] {
        steps?.count(.seal)
        return try TokenSeal(caller, salt: token, purpose: Self.secretsPurpose, type: type, end: end)
            .seal(secrets.serialized())
    }

    /// Opens the seal of a token; of none at the same price.
    private func open(
        _ record: KeyStore.TokenRecord?, _ token: SecretBytes, _ caller: Caller, _ type: CryptoType
    ) throws -> UnlockSecrets {
        steps?.count(.seal)
        let seal = try TokenSeal(
            caller, salt: token, purpose: Self.secretsPurpose, type: type, end: record?.ends ?? 0)
        guard let secret = try? seal.open(record?.sealed ?? [UInt8](repeating: 0, count: 64)),
            let secrets = try? UnlockSecrets(parsing: secret)
        else { throw Self.invalidToken }
        return secrets
    }

    private func attachmentSeal(_ caller: Caller, _ type: CryptoType, end: Int64) throws -> TokenSeal {
        steps?.count(.seal)
        return try TokenSeal(
            caller, salt: SecretBytes(copying: caller.sessionHash), purpose: Self.attachmentPurpose, type: type,
            end: end)
    }

    private func attachment(
        _ token: AuthToken, _ secrets: UnlockSecrets, _ caller: Caller, _ type: CryptoType, _ life: TokenLife,
        end: Int64
    ) throws -> KeyStore.TokenAttachment {
        KeyStore.TokenAttachment(
            minutes: life.minutes, token: try attachmentSeal(caller, type, end: end).seal(token.text),
            secrets: life.isSingleUse ? nil : try secrets.serialized())
    }

    private func sessionEnd(_ caller: Caller, _ now: Int64) throws -> Int64 {
        guard let session = try store.session(id: caller.sessionHash, now: now) else {
            throw GuardError(.sessionInvalid, "the session is unknown or over")
        }
        return session.lastEnd
    }
}
