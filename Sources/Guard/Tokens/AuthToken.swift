public import Libcrypto

/// A token, which stands for a password within one session, for one type of keys.
public struct AuthToken: Sendable, Equatable {
    /// 43 characters.
    public var text: SecretBytes
    /// -1 for a single use, 0 until the session ends, else minutes from its creation; what is left when it is asked for
    /// later.
    public var minutesValid: Int64
    /// Unix seconds.
    public var created: Int64

    public init(text: SecretBytes, minutesValid: Int64, created: Int64) {
        self.text = text
        self.minutesValid = minutesValid
        self.created = created
    }
}

/// How long a token counts, as clients say it.
struct TokenLife: Sendable, Equatable {
    /// A year; sessions are shorter.
    static let longest: Int64 = 527_040

    /// -1 for a single use, 0 until the session ends, else minutes.
    let minutes: Int64

    /// - Throws: `badParameter` for numbers below -1 and above a year.
    init(minutes: Int64) throws {
        guard (-1...Self.longest).contains(minutes) else {
            throw GuardError(.badParameter, "minutesValid is no number from -1 to \(Self.longest)")
        }
        self.minutes = minutes
    }

    var isSingleUse: Bool { minutes == -1 }

    /// The Unix second at which it ends.
    func end(from start: Int64, sessionEnd: Int64) -> Int64 {
        minutes > 0 ? min(sessionEnd, start + minutes * 60) : sessionEnd
    }
}
