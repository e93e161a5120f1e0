public import CMS
public import MIME
public import OpenPGP

/// Settings of an inspection; the defaults are what a gateway wants.
public struct InspectOptions: Sendable {
    /// The largest body that is inspected, in octets. Above it mail that may be protected is `temperror`, `too-large`.
    public var maxInspectSize: Int
    /// Bounds on the structure.
    public var limits: Limits
    /// Which algorithms a signature may rely on.
    public var policy: AlgorithmPolicy
    /// The same for S/MIME; its bounds on size are those of `maxInspectSize`.
    public var cmsPolicy: CMSPolicy
    /// Octets of a body that wait in memory; more go to a sealed file.
    public var spoolMemoryLimit: Int
    /// Where that file goes; nil for TMPDIR, else /var/tmp.
    public var spoolDirectory: String?

    /// Whether the content of mail that is encrypted as a whole is kept (``Inspector/opened``).
    public var keepsOpened = false
    /// Whether that goes for S/MIME without authentication of the ciphertext too, where no signature inside passes.
    public var opensUnauthenticated = false

    /// Settings.
    public init(
        maxInspectSize: Int = 64 << 20, limits: Limits = .standard, policy: AlgorithmPolicy = .standard,
        cmsPolicy: CMSPolicy = .standard, spoolMemoryLimit: Int = 1 << 20, spoolDirectory: String? = nil
    ) {
        self.maxInspectSize = maxInspectSize
        self.limits = limits
        self.policy = policy
        self.cmsPolicy = cmsPolicy
        self.cmsPolicy.maximumSize = maxInspectSize
        self.cmsPolicy.maximumExpandedSize = maxInspectSize
        self.spoolMemoryLimit = spoolMemoryLimit
        self.spoolDirectory = spoolDirectory
    }
}
