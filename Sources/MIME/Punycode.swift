/// Punycode (RFC 3492) for labels of domain names.
public enum Punycode {
    private static let base = 36
    private static let tMin = 1
    private static let tMax = 26

    /// The ASCII form of a label without the `xn--` in front; nil when it would not fit into 63 octets.
    public static func encode(_ label: some Sequence<Unicode.Scalar>) -> String? {
        let input = label.map { Int($0.value) }
        guard input.count <= 63 else { return nil }
        var output = input.filter { $0 < 0x80 }.map { UInt8(truncatingIfNeeded: $0) }
        let basic = output.count
        var handled = basic
        if basic > 0 { output.append(ASCII.hyphen) }
        var n = 0x80
        var delta = 0
        var bias = 72
        // At most 63 scalars below 0x110000: no product here comes near the range of Int.
        while handled < input.count {
            guard let m = input.filter({ $0 >= n }).min() else { return nil }
            delta += (m - n) * (handled + 1)
            n = m
            for scalar in input {
                if scalar < n { delta += 1 }
                guard scalar == n else { continue }
                var q = delta
                var k = base
                while true {
                    let t = threshold(k, bias)
                    guard q >= t else { break }
                    output.append(digit(t + (q - t) % (base - t)))
                    q = (q - t) / (base - t)
                    k += base
                }
                output.append(digit(q))
                bias = adapt(delta, handled + 1, first: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            n += 1
        }
        return output.count <= 59 ? String(decoding: output, as: UTF8.self) : nil
    }

    /// The label whose ASCII form, without `xn--`, is given; nil when it is not Punycode.
    public static func decode(_ ascii: String) -> [Unicode.Scalar]? {
        let input = Array(ascii.utf8)
        guard input.count <= 63, input.allSatisfy({ $0 < 0x80 }) else { return nil }
        var output: [Unicode.Scalar] = []
        var rest = input[...]
        if let hyphen = input.lastIndex(of: ASCII.hyphen) {
            output = input[..<hyphen].map { Unicode.Scalar($0) }
            rest = input[(hyphen + 1)...]
        }
        var n = 0x80
        var i = 0
        var bias = 72
        while !rest.isEmpty {
            let old = i
            var weight = 1
            var k = base
            while true {
                guard let byte = rest.popFirst(), let value = digitValue(byte) else { return nil }
                let (step, tooLarge) = value.multipliedReportingOverflow(by: weight)
                let (sum, over) = i.addingReportingOverflow(step)
                guard !tooLarge, !over, sum <= 0x7FFF_FFFF else { return nil }
                i = sum
                let t = threshold(k, bias)
                if value < t { break }
                let (next, overflow) = weight.multipliedReportingOverflow(by: base - t)
                guard !overflow else { return nil }
                weight = next
                k += base
            }
            let count = output.count + 1
            bias = adapt(i - old, count, first: old == 0)
            n += i / count
            i %= count
            guard n >= 0x80, n <= 0x10FFFF, let scalar = Unicode.Scalar(UInt32(truncatingIfNeeded: n)) else {
                return nil
            }
            output.insert(scalar, at: i)
            i += 1
        }
        return output
    }

    private static func threshold(_ k: Int, _ bias: Int) -> Int {
        k <= bias ? tMin : min(tMax, k - bias)
    }

    private static func adapt(_ value: Int, _ count: Int, first: Bool) -> Int {
        var delta = first ? value / 700 : value / 2
        delta += delta / count
        var k = 0
        while delta > ((base - tMin) * tMax) / 2 {
            delta /= base - tMin
            k += base
        }
        return k + (base - tMin + 1) * delta / (delta + 38)
    }

    private static func digit(_ value: Int) -> UInt8 {
        let small = UInt8(truncatingIfNeeded: value)
        return small < 26 ? 0x61 + small : 0x16 + small
    }

    private static func digitValue(_ byte: UInt8) -> Int? {
        switch ASCII.lower(byte) {
        case 0x61...0x7A: Int(ASCII.lower(byte)) - 0x61
        case 0x30...0x39: Int(byte) - 0x16
        default: nil
        }
    }
}
