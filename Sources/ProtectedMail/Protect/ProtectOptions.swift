public import OpenPGP

/// Settings of a `Protector`; the defaults are what a gateway wants.
public struct ProtectOptions: Sendable {
    /// The boundary of the outer multipart; nil for a random one, which nobody can place in the content beforehand.
    public var boundary: String?
    /// The symmetric cipher; nil for the best that every recipient reads.
    public var cipher: SymmetricID?
    /// Octets of the result, and for sign-only of the collected message, that stay in memory.
    public var spoolMemoryLimit: Int
    /// Where a spool that outgrows memory puts its sealed file; nil for TMPDIR, else /var/tmp.
    public var spoolDirectory: String?
    /// The largest message that sign-only takes, in octets. Encryption has no limit.
    public var maxSignSize: Int

    /// Settings.
    public init(
        boundary: String? = nil, cipher: SymmetricID? = nil, spoolMemoryLimit: Int = 1 << 20,
        spoolDirectory: String? = nil, maxSignSize: Int = 256 << 20
    ) {
        self.boundary = boundary
        self.cipher = cipher
        self.spoolMemoryLimit = spoolMemoryLimit
        self.spoolDirectory = spoolDirectory
        self.maxSignSize = maxSignSize
    }
}
