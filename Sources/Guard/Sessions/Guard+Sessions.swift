import KeyStore
public import Libcrypto
public import MIME

extension Guard {
    /// Opens a session for a mailbox.
    ///
    /// - Throws: `credentialsRefused` where the proof does not do for this mailbox, whether it exists or not; `lockedOut`
    ///   after too many wrong passwords; `unavailable` where nobody can check the password.
    public func openSession(for mailbox: EmailAddress, _ proof: SessionProof) throws -> OpenedSession {
        try translating {
            let origin = try check(proof, for: mailbox)
            let account = try account(for: mailbox)
            let identifier = Base64Text.encodeForURL(try SecretBytes.random(count: 32))
            let ends = try insertSession(identifier, account, origin: origin)
            let caller = Caller(
                account: account, sessionHash: try Self.hash(identifier), sessionSecret: identifier)
            return OpenedSession(identifier: identifier, caller: caller, ends: ends)
        }
    }

    /// Whose session an identifier names; puts its end off.
    ///
    /// - Parameter peer: who asks, for the limit on guesses: a user ID, a network address.
    /// - Throws: `sessionInvalid`; the same with seconds to wait where the peer has guessed too often.
    public func caller(session identifier: SecretBytes, peer: String) throws -> Caller {
        try translating {
            let now = now().seconds
            let hash = try Self.hash(identifier)
            steps?.count(.read)
            if let session = try store.session(id: hash, now: now) {
                if session.origin == Self.resolverOrigin { try checkAgain(session, identifier, now) }
                try touch(session, now)
                return Caller(account: session.account, sessionHash: hash, sessionSecret: identifier)
            }
            // Our own sessions are looked up by one index whatever is asked; somebody else's cost a request.
            guard !guessing.isExceeded(by: peer, limit: settings.sessions.guessesPerMinute, now: now) else {
                throw GuardError(.sessionInvalid, "too many unknown sessions", retryAfter: 60)
            }
            if let caller = try resolve(identifier, hash) { return caller }
            guessing.count(peer, now: now)
            throw GuardError(.sessionInvalid, "the session is unknown or over")
        }
    }

    /// Ends a session; all its tokens go with it.
    public func closeSession(_ caller: Caller) throws {
        try translating {
            steps?.count(.write)
            try store.deleteSession(id: caller.sessionHash)
        }
    }

    /// Ends all sessions of the caller's account.
    public func logout(_ caller: Caller) throws {
        try translating {
            steps?.count(.write)
            try store.deleteSessions(account: caller.account.id)
        }
    }

    /// Forgets what is over: sessions, tokens, keys, counts of wrong passwords. The daemon calls it every minute.
    public func expireOldThings() throws {
        try translating {
            let now = now().seconds
            try store.expireOldThings(now: now, guessesBefore: now - Int64(settings.passwords.longestLockSeconds))
            try store.expireGuestThings(now: now)
        }
    }

    static func hash(_ secret: SecretBytes) throws -> [UInt8] {
        let digest = try Digest(.sha256)
        secret.withBytes { digest.update($0) }
        return digest.finish()
    }

    // MARK: How sessions begin and go on

    private func insertSession(
        _ identifier: SecretBytes, _ account: AccountRecord, origin: String
    ) throws -> Int64 {
        let now = now().seconds
        let lastEnd = now + Int64(settings.sessions.longestSeconds)
        let ends = min(lastEnd, now + Int64(settings.sessions.idleSeconds))
        steps?.count(.write)
        try store.insertSession(
            id: Self.hash(identifier), account: account.id, origin: origin, now: now, ends: ends, lastEnd: lastEnd)
        return ends
    }

    /// Only now and then: a write for every request would cost more than the requests.
    private func touch(_ session: KeyStore.SessionRecord, _ now: Int64) throws {
        let idle = Int64(settings.sessions.idleSeconds)
        let ends = min(session.lastEnd, now + idle)
        guard ends - session.ends > min(60, idle / 4) else { return }
        try store.touchSession(id: session.id, now: now, ends: ends)
    }

    // MARK: Sessions of another issuer

    private static let resolverOrigin = "resolver"
    /// Seconds for which the word of the issuer counts.
    private static let resolvedSeconds: Int64 = 300

    /// Asks the issuer of other sessions; what it knows becomes a session of ours.
    private func resolve(_ identifier: SecretBytes, _ hash: [UInt8]) throws -> Caller? {
        guard let resolver = ports.sessions, let text = Self.sessionText(identifier),
            let resolved = try resolver.resolve(session: text),
            let account = try account(of: resolved)
        else { return nil }
        _ = try insertSession(identifier, account, origin: Self.resolverOrigin)
        resolvedSessions.remember(hash, until: now().seconds + Self.resolvedSeconds)
        return Caller(account: account, sessionHash: hash, sessionSecret: identifier)
    }

    private func account(of resolved: ResolvedSession) throws -> AccountRecord? {
        if let known = try store.account(for: resolved.mailbox) { return known }
        return resolved.isGuest ? nil : try account(for: resolved.mailbox)
    }

    /// A session may end where it was issued: its issuer is asked from time to time, and ours ends with it.
    private func checkAgain(_ session: KeyStore.SessionRecord, _ identifier: SecretBytes, _ now: Int64) throws {
        guard !resolvedSessions.isKnown(session.id, at: now) else { return }
        let text = Self.sessionText(identifier)
        guard let resolver = ports.sessions, let text, let resolved = try resolver.resolve(session: text),
            try account(of: resolved)?.id == session.account.id
        else {
            try store.deleteSession(id: session.id)
            throw GuardError(.sessionInvalid, "the session is unknown or over")
        }
        resolvedSessions.remember(session.id, until: now + Self.resolvedSeconds)
    }

    /// An identifier that may stand in a path; nil for others.
    private static func sessionText(_ identifier: SecretBytes) -> String? {
        identifier.withBytes { bytes in
            guard (16...128).contains(bytes.count) else { return nil }
            var text = ""
            for index in bytes.indices {
                let byte = bytes[index]
                let isPlain =
                    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2D || byte == 0x5F
                guard isPlain else { return nil }
                text.unicodeScalars.append(Unicode.Scalar(byte))
            }
            return text
        }
    }

    // MARK: Proofs

    /// - Returns: what the session rests on.
    private func check(_ proof: SessionProof, for mailbox: EmailAddress) throws -> String {
        switch proof {
        case .trusted(let name): return name
        case .local(let user, let password):
            if let domain = settings.sessions.loginDomain, let name = loginName(user),
                EmailAddress(localPart: name, domain: domain) == mailbox
            {
                return "uid \(user)"
            }
            try check(password, of: mailbox)
        case .password(let password): try check(password, of: mailbox)
        }
        return "password"
    }

    private func check(_ password: SecretBytes?, of mailbox: EmailAddress) throws {
        let refused = GuardError(.credentialsRefused, "the mailbox is refused to this caller")
        guard let password, password.count <= Self.longestPassword else { throw refused }
        guard let verifier = ports.passwords else { throw refused }
        let guess = try GuessSubject.mailbox(mailbox, try store.account(for: mailbox))
        try countGuess(guess)
        guard try verifier.verify(mailbox: mailbox, password: password) else { throw refused }
        try forgetGuesses(guess)
    }
}
