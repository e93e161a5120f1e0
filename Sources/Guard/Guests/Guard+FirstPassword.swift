import KeyStore
public import Libcrypto
public import MIME
import OpenPGP

/// What a guest shows to choose the first password.
public struct GuestFirstPassword: Sendable {
    public var address: EmailAddress
    /// From the link of the invitation.
    public var item: String
    public var pin: SecretBytes?
    /// The answer that a reset will ask for; nil or empty for none.
    public var answer: SecretBytes?
    public var password: SecretBytes

    public init(
        address: EmailAddress, item: String, pin: SecretBytes?, answer: SecretBytes?, password: SecretBytes
    ) {
        self.address = address
        self.item = item
        self.pin = pin
        self.answer = answer
        self.password = password
    }
}

extension Guard {
    /// Gives a guest a key under their first password, and sends what waited for them, encrypted to it.
    ///
    /// - Returns: a token in a session of the guest's own, see ``GuestToken``.
    /// - Throws: `guestRefused` for a wrong address, item or PIN, all alike; `lockedOut` after too many of them;
    ///   `passwordPolicy`; `guestsNotAllowed`.
    public func assignFirstPassword(_ request: GuestFirstPassword) throws -> SecretBytes {
        try guestsMustBeAllowed()
        try checkPolicy(request.password)
        return try audited(
            actor: "guest:\(request.address.canonical)", action: "guest.first", target: request.address.canonical
        ) { line in
            try translating {
                let guess = try GuessSubject.name(request.address.canonical.lowercased(), kind: "guest")
                try countGuess(guess)
                let (account, link) = try guest(showing: request.item, .first, address: request.address)
                guard let record = try store.guest(account: account.id), !record.isActive,
                    try Self.opens(record.pin, request.pin)
                else { throw Self.guestRefusal }
                let answer = try request.answer.flatMap { try $0.count > 0 ? saltedHash($0) : nil }
                let token = try openGuest(account, link: link, password: request.password, answer: answer, audit: line)
                try forgetGuesses(guess)
                return token
            }
        }
    }

    /// Gives a guest who has lost the password a new key under a new one. What was encrypted to the old key stays
    /// unreadable.
    ///
    /// - Parameter resetID: from the mail; it counts once.
    /// - Throws: as ``assignFirstPassword(_:)``.
    public func completeGuestReset(address: EmailAddress, resetID: String, password: SecretBytes) throws {
        try guestsMustBeAllowed()
        try checkPolicy(password)
        try audited(
            actor: "guest:\(address.canonical)", action: "guest.reset", target: address.canonical
        ) { line in
            try translating {
                let guess = try GuessSubject.name(address.canonical.lowercased(), kind: "guest")
                try countGuess(guess)
                let (account, link) = try guest(showing: resetID, .reset, address: address)
                _ = try openGuest(account, link: link, password: password, audit: line)
                try forgetGuesses(guess)
            }
        }
    }

    /// Sends a guest a link to begin anew. Nobody can tell from the answer whether there is such a guest or whether the
    /// answer was right: the mail leaves afterwards.
    ///
    /// - Throws: `lockedOut` after too many requests for one address, guest or not; `guestsNotAllowed`.
    public func requestGuestReset(
        address: EmailAddress, answer: SecretBytes?, language: String, templateNumber: Int?
    ) throws {
        try guestsMustBeAllowed()
        try translating {
            try countReset(.name(address.canonical.lowercased(), kind: "reset"))
            let account = try store.account(for: address).flatMap { $0.isGuest ? $0 : nil }
            let record = try account.flatMap { try store.guest(account: $0.id) }
            let salt = try record?.answer?.salt ?? SecureRandom.bytes(16)
            let given = try digest(answer ?? SecretBytes(copying: []), salt: salt)
            guard let account, let record, record.isActive, let page = settings.guests.resetPage,
                record.answer.map({ constantTimeEqual(given, $0.digest) }) ?? true
            else { return }
            ports.later { [self] in
                do {
                    try sendLink(
                        .reset, .guestReset, to: account, page: page,
                        language: language.isEmpty ? account.language : language, number: templateNumber)
                } catch { ports.log("reset of a guest: \(error)") }
            }
        }
    }

    // MARK: Proofs

    static let guestRefusal = GuardError(.guestRefused, "address, item or PIN do not fit")

    func guestsMustBeAllowed() throws {
        guard settings.guests.areAllowed else { throw GuardError(.guestsNotAllowed, "there are no guests here") }
    }

    private func guest(
        showing item: String, _ kind: KeyStore.GuestLinkKind, address: EmailAddress
    ) throws -> (AccountRecord, link: [UInt8]) {
        let link = try Self.digest(HexText.decode(item) ?? [])
        steps?.count(.read)
        guard let id = try store.guestLink(link, kind, now: now().seconds), let account = try store.account(id: id),
            account.isGuest, account.address.domain == address.domain,
            account.address.localPart.lowercased() == address.localPart.lowercased()
        else { throw Self.guestRefusal }
        return (account, link)
    }

    private static func opens(_ expected: KeyStore.SaltedDigest?, _ pin: SecretBytes?) throws -> Bool {
        guard let expected else { return true }
        guard let pin else { return false }
        let digest = try Digest(.sha256)
        digest.update(expected.salt)
        pin.withBytes { digest.update($0) }
        return constantTimeEqual(digest.finish(), expected.digest)
    }

    private func saltedHash(_ secret: SecretBytes) throws -> KeyStore.SaltedDigest {
        let salt = try SecureRandom.bytes(16)
        return .init(salt: salt, digest: try digest(secret, salt: salt))
    }

    /// Slow on purpose: answers are guessed easily.
    private func digest(_ secret: SecretBytes, salt: [UInt8]) throws -> [UInt8] {
        steps?.count(.passwordHash)
        let digest = try Digest(.sha256)
        try hash(secret, salt: salt).withBytes { digest.update($0) }
        return digest.finish()
    }
}
