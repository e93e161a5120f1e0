/// What a password may cost that somebody else's packet asks to be hashed.
public struct S2KLimits: Sendable, Hashable {
    /// Most memory for Argon2, in KiB.
    public var maximumMemoryKiB = 1 << 21
    /// Most memory times passes, in KiB.
    public var maximumWorkKiB = 1 << 22

    /// 2 GiB, which the samples of RFC 9580 ask for, and work of two passes over it.
    public static let standard = S2KLimits()

    public init() {}

    func check(passes: UInt8, parallelism: UInt8, memory: UInt8) throws {
        // RFC 9106 section 3.1: at least eight blocks for each lane.
        guard passes > 0, parallelism > 0, memory >= 3, memory < 32, 1 << Int(memory) >= 8 * Int(parallelism) else {
            throw OpenPGPError(.malformed, "the parameters of Argon2 are out of their range")
        }
        let size = 1 << Int(memory)
        guard size <= maximumMemoryKiB, size * Int(passes) <= maximumWorkKiB else {
            throw OpenPGPError(
                .limitExceeded, "Argon2 with \(size >> 10) MiB and \(passes) passes is more than allowed")
        }
    }
}
