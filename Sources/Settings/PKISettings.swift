/// `[guard.certificates]`: who issues S/MIME certificates to users.
public struct PKISettings: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable { case none, authority, command }

    public var kind = Kind.none
    /// PEM files of the built-in authority; the key is without password.
    public var authorityCertificate = ""
    public var authorityKey = ""
    /// Days that certificates of the built-in authority live.
    public var days = 365
    /// The program's absolute path and its arguments.
    public var command: [String] = []
    /// Seconds that the program has.
    public var timeout = 60

    public init() {}
}
