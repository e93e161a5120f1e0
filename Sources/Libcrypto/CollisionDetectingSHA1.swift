import COpenSSL

/// SHA-1 that notices when its input was made to collide, for the places that still accept SHA-1: old signatures.
///
/// This is counter-cryptanalysis (Stevens: Counter-cryptanalysis, CRYPTO 2013). Every known attack makes the two messages
/// of a collision differ as one of few disturbance vectors says. So each block is taken for one half of a collision: where
/// the other half would lead to the same chaining value, somebody made it. Costs several times as much as hashing.
public struct CollisionDetectingSHA1: Sendable {
    private var chaining: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
    private var pending: [UInt8] = []
    private var count: UInt64 = 0
    private var collision = false

    public init() { pending.reserveCapacity(64) }

    public mutating func update(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { update($0) }
    }

    mutating func update(_ bytes: UnsafeBufferPointer<UInt8>) {
        count &+= UInt64(bytes.count)
        var position = 0
        if !pending.isEmpty {
            position = min(64 - pending.count, bytes.count)
            pending.append(contentsOf: bytes[..<position])
            guard pending.count == 64 else { return }
            pending.withUnsafeBufferPointer { absorb($0) }
            pending.removeAll(keepingCapacity: true)
        }
        while bytes.count - position >= 64 {
            absorb(UnsafeBufferPointer(rebasing: bytes[position..<position + 64]))
            position += 64
        }
        pending.append(contentsOf: bytes[position...])
    }

    /// The digest of 20 octets of all that was given, and whether a block of it is half of a collision.
    public func finish() -> (digest: [UInt8], collision: Bool) {
        var last = self
        let zeros = (119 - Int(count % 64)) % 64
        let length = (0..<8).map { UInt8(truncatingIfNeeded: (count << 3) >> (56 - 8 * UInt64($0))) }
        last.update(([0x80] + [UInt8](repeating: 0, count: zeros) + length).span)
        let digest = last.chaining.flatMap { word in
            stride(from: UInt32(24), through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
        return (digest, last.collision)
    }

    /// One block of 64 octets.
    private mutating func absorb(_ block: UnsafeBufferPointer<UInt8>) {
        let steps = DisturbanceVectors.steps
        let found = guardd_sha1_absorb(
            &chaining, block.baseAddress, steps, DisturbanceVectors.differences, steps.count)
        if found != 0 { collision = true }
    }
}
