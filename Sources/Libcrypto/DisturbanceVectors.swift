/// The 32 disturbance vectors that collision attacks on SHA-1 can use (Stevens and Shumow: Speeding up detection of SHA-1
/// collision attacks using unavoidable attack conditions, USENIX Security 2017), named as by Manuel: I(K, b) and II(K, b).
enum DisturbanceVectors {
    struct Vector: Sendable {
        let type, k, bit: Int

        init(_ type: Int, _ k: Int, _ bit: Int) { (self.type, self.k, self.bit) = (type, k, bit) }
    }

    /// Eight vectors that the kernel tries at once.
    struct Group: Sendable {
        /// Before this step the halves of a collision have the same state.
        let step: UInt32
        let vectors: [Vector]

        init(step: UInt32, _ vectors: [Vector]) {
            self.step = step
            self.vectors = vectors
        }
    }

    static let groups = [
        Group(
            step: 58,
            [
                Vector(1, 43, 0), Vector(1, 44, 0), Vector(1, 45, 0), Vector(1, 46, 0), Vector(1, 46, 2),
                Vector(1, 47, 0), Vector(1, 47, 2), Vector(1, 48, 0),
            ]),
        Group(
            step: 58,
            [
                Vector(1, 48, 2), Vector(1, 49, 0), Vector(1, 49, 2), Vector(1, 50, 0), Vector(1, 50, 2),
                Vector(1, 51, 0), Vector(1, 51, 2), Vector(1, 52, 0),
            ]),
        Group(
            step: 60,
            [
                Vector(2, 45, 0), Vector(2, 46, 0), Vector(2, 46, 2), Vector(2, 47, 0), Vector(2, 48, 0),
                Vector(2, 49, 0), Vector(2, 49, 2), Vector(2, 50, 0),
            ]),
        Group(
            step: 65,
            [
                Vector(2, 50, 2), Vector(2, 51, 0), Vector(2, 51, 2), Vector(2, 52, 0), Vector(2, 53, 0),
                Vector(2, 54, 0), Vector(2, 55, 0), Vector(2, 56, 0),
            ]),
    ]

    /// For the kernel: the step of each group, and for each group and each expanded message word how it differs, a lane for
    /// each vector.
    static let steps = groups.map(\.step)
    static let differences = groups.flatMap { group in
        let lanes = group.vectors.map(messageDifferences)
        return (0..<80).flatMap { word in lanes.map { $0[word] } }
    }

    /// Words -5 to 79 of the vector: bits that are disturbed in the state. They obey the message expansion of SHA-1, so
    /// that sixteen in a row, which the name tells, give all.
    static func disturbances(_ vector: Vector) -> [UInt32] {
        var words = [UInt32](repeating: 0, count: 85)
        let first = vector.k + 5
        words[first + 15] = 1 << UInt32(vector.bit)
        if vector.type == 2 {
            words[first + 1] = 1 << UInt32((vector.bit + 31) % 32)
            words[first + 3] = words[first + 1]
        }
        for index in first + 16..<85 {
            words[index] = rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1)
        }
        for index in stride(from: first - 1, through: 0, by: -1) {
            words[index] = rotate(words[index + 16], 31) ^ words[index + 13] ^ words[index + 8] ^ words[index + 2]
        }
        return words
    }

    /// A disturbance of the state is corrected by the five steps after it: this is what the message has to differ by.
    static func messageDifferences(_ vector: Vector) -> [UInt32] {
        let words = disturbances(vector)
        return (5..<85).map { index in
            let corrections = rotate(words[index - 3] ^ words[index - 4] ^ words[index - 5], 30)
            return words[index] ^ rotate(words[index - 1], 5) ^ words[index - 2] ^ corrections
        }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }
}
