import KeyStore
public import Libcrypto
public import MIME
import OpenPGP

/// What a mail client asks to be done with a message that it is about to send.
public struct MailRequest: Sendable {
    public var message: [UInt8]
    /// The address that the message is from: that of the user.
    public var sender: EmailAddress
    /// The user is a guest.
    public var isGuest: Bool
    /// Everybody who shall read it, blind copies included.
    public var recipients: [EmailAddress]
    public var encrypt: Bool
    public var sign: Bool
    /// Whether a plain text is wanted as inline OpenPGP; nil as the user marked the keys.
    public var isInline: Bool?
    /// The only kind that may be used; nil for any.
    public var type: CryptoType?
    /// What opens the user's key, and the session it belongs to.
    public var token: SecretBytes?
    public var session: SecretBytes?
    /// Whoever asks, for counting wrong sessions.
    public var peer: String

    public init(
        message: [UInt8], sender: EmailAddress, isGuest: Bool, recipients: [EmailAddress], encrypt: Bool, sign: Bool,
        type: CryptoType? = nil, token: SecretBytes? = nil, session: SecretBytes? = nil, peer: String = ""
    ) {
        self.message = message
        self.sender = sender
        self.isGuest = isGuest
        self.recipients = recipients
        self.encrypt = encrypt
        self.sign = sign
        self.type = type
        self.token = token
        self.session = session
        self.peer = peer
    }
}

/// Mail of filters and mail clients, which name the user by numbers. Both groups of operations of the API come here.
extension Guard {
    /// Recipients of one message.
    static let maximumRecipients = 1000

    /// Judges a message as the mail server's filter would.
    ///
    /// - Throws: `badParameter` for numbers that name nobody; see ``MessageCrypto/judge(_:for:)``.
    public func verifyMail(user: Int64, context: Int64, message: [UInt8]) throws -> JudgedMessage {
        try translating {
            let account = try mailUser(user, context)
            return try messageCrypto.judge(message, for: account.address)
        }
    }

    /// Encrypts a message that has arrived to the user's own current OpenPGP key. One that is encrypted already is answered
    /// as it is.
    ///
    /// - Throws: `badParameter` for numbers that name nobody; see ``MessageCrypto/protect(_:_:)``.
    public func encryptAtRest(user: Int64, context: Int64, message: [UInt8]) throws -> [UInt8] {
        try translating {
            let account = try mailUser(user, context)
            return try messageCrypto.protect(
                message,
                MessageOrder(
                    sender: account.address, recipients: [account.address], encrypt: true, sign: false, types: [.pgp],
                    isAtRest: true))
        }
    }

    /// Protects a message that is about to be sent.
    ///
    /// - Throws: `badParameter` for numbers that name nobody or recipients that are none, `notAllowed` for a sender that is
    ///   not the user, `tokenInvalid`, `privateKeyMissing`; see ``MessageCrypto/protect(_:_:)``.
    public func encryptMail(user: Int64, context: Int64, _ request: MailRequest) throws -> [UInt8] {
        try translating {
            let account = try mailUser(user, context)
            guard request.sender == account.address, request.isGuest == account.isGuest else {
                throw GuardError(.notAllowed, "the sender is not the user")
            }
            guard request.recipients.count <= Self.maximumRecipients, !request.recipients.isEmpty || !request.encrypt
            else { throw GuardError(.badParameter, "no recipients, or too many", parameters: ["json"]) }
            var order = MessageOrder(
                sender: account.address, recipients: request.recipients, encrypt: request.encrypt, sign: request.sign,
                types: request.type.map { [$0] } ?? [.pgp, .smime])
            order.isInline = request.isInline
            if request.sign { try addKeys(to: &order, account, request) }
            return try messageCrypto.protect(request.message, order)
        }
    }

    // MARK: -

    private var messageCrypto: any MessageCrypto {
        get throws {
            guard let crypto = ports.crypto else { throw GuardError(.unavailable, "mail is not processed here") }
            return crypto
        }
    }

    private func mailUser(_ user: Int64, _ context: Int64) throws -> AccountRecord {
        steps?.count(.read)
        guard let account = try store.account(id: user), account.domainID == context else {
            throw GuardError(.badParameter, "there is no such user", parameters: ["user", "context"])
        }
        return account
    }

    /// The user's own keys as far as a token opens them: that of the request, else what the user left attached.
    private func addKeys(to order: inout MessageOrder, _ account: AccountRecord, _ request: MailRequest) throws {
        for type in order.types {
            guard let key = try lockedKey(of: account, type) as? any OpenableKey,
                let secrets = try unlock(account, type, request)
            else { continue }
            try key.add(to: &order, with: secrets)
        }
        guard request.token == nil || order.openPGPKey != nil || order.smimeKey != nil else {
            throw GuardError(.tokenInvalid, "the token does not count")
        }
    }

    private func unlock(_ account: AccountRecord, _ type: CryptoType, _ request: MailRequest) throws -> UnlockSecrets? {
        if let token = request.token, let session = request.session {
            let caller = try caller(session: session, peer: request.peer)
            guard caller.account.id == account.id else { throw GuardError(.tokenInvalid, "the token does not count") }
            // A token is for one type; that it is not for the other is no error as long as it is for one.
            do { return try unlock(token: token, for: caller, type) } catch let error as GuardError
                where error.code == .tokenInvalid
            { return nil }
        }
        let now = now().seconds
        steps?.count(.read)
        let attached = try store.attachedSecrets(account: account.id, type: type.rawValue, now: now)
        return try attached.first { $0.ends > now }.map { try UnlockSecrets(parsing: $0.secrets) }
    }
}

/// A user's key that can be opened to sign.
protocol OpenableKey {
    func add(to order: inout MessageOrder, with secrets: UnlockSecrets) throws
}

extension UserCertificateKey: OpenableKey {
    func add(to order: inout MessageOrder, with secrets: UnlockSecrets) throws {
        order.smimeKey = OpenSMIMEKey(
            key: try opened(with: secrets), certificate: key.certificate, chain: key.issuers)
    }
}

extension LockedRing: OpenableKey {
    func add(to order: inout MessageOrder, with secrets: UnlockSecrets) throws {
        order.openPGPKey = try opened(with: secrets)
    }
}
