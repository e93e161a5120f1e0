/// A moment in whole seconds since 1970-01-01 00:00:00 UTC. The library never asks a clock: every judgement takes one
/// of these.
public struct Timestamp: Comparable, Hashable, Sendable, CustomStringConvertible {
    /// Seconds since the Unix epoch; packets carry 0...4294967295 (RFC 9580 section 3.5).
    public var seconds: Int64

    /// Makes a timestamp of Unix seconds.
    public init(_ seconds: Int64) { self.seconds = seconds }

    /// The moment a packet field of four octets says.
    init(field: UInt32) { seconds = Int64(field) }

    public static func < (a: Self, b: Self) -> Bool { a.seconds < b.seconds }

    public var description: String { "\(seconds)" }

    /// This moment moved by a number of seconds; stops at the ends of the range instead of overflowing.
    public func adding(seconds delta: Int64) -> Timestamp {
        let (sum, overflow) = seconds.addingReportingOverflow(delta)
        return Timestamp(overflow ? (delta < 0 ? .min : .max) : sum)
    }

    /// The value for a packet's time field; nil outside of 1970...2106.
    var field: UInt32? { UInt32(exactly: seconds) }
}
