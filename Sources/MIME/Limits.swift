/// Bounds on what a message may ask of its reader. Going past one is a ``MIMEError`` whose code names it.
public struct Limits: Sendable, Equatable {
    /// Levels of entities; the message itself is level 1.
    public var maxDepth: Int
    /// Entities in the whole tree, the message included.
    public var maxParts: Int
    /// Octets of one header block, line ends included.
    public var maxHeaderBytes: Int
    /// Octets of one line anywhere, without its line end.
    public var maxLineLength: Int

    /// What mail from the net is read with.
    public static let standard = Limits()

    public init(
        maxDepth: Int = 50, maxParts: Int = 5000, maxHeaderBytes: Int = 512 << 10, maxLineLength: Int = 1 << 20
    ) {
        self.maxDepth = maxDepth
        self.maxParts = maxParts
        self.maxHeaderBytes = maxHeaderBytes
        self.maxLineLength = maxLineLength
    }
}
