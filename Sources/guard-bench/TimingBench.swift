import Glibc
import Libcrypto

/// Whether the time of an operation depends on a secret, after the method of Reparaz, Balasch and Verbauwhede ("Dude, is my
/// code constant time?"): two classes of inputs in random order, and Welch's t over their times. Below 4.5 nothing is seen.
struct TimingBench {
    static let threshold = 4.5
    let samples: Int

    /// Whether no operation gives anything away.
    func run() throws -> Bool {
        let results = [
            ("comparison", try judge(comparison())), ("RSA decryption", try judge(rsaDecryption())),
            ("RSA, known size", try judge(rsaDecryption(size: 32))),
        ]
        print("operation".padded(18) + "samples".leading(10) + "|t|".leading(8) + "|t| cropped".leading(13))
        for (name, t) in results {
            print(
                name.padded(18) + String(samples).leading(10) + abs(t.all).text(2).leading(8)
                    + abs(t.cropped).text(2).leading(13))
        }
        return results.allSatisfy { abs($0.1.all) < Self.threshold && abs($0.1.cropped) < Self.threshold }
    }

    /// `body` runs the operation on an input of the first or second class.
    private func judge(_ body: (Bool) throws -> Void) throws -> (all: Double, cropped: Double) {
        var generator = SystemRandomNumberGenerator()
        var all = WelchTest()
        var cropped = WelchTest()
        var first: [Double] = []
        var limit = Double.infinity
        for round in 0..<samples + 1000 {
            let isSecond = Bool.random(using: &generator)
            let begin = Self.now()
            try body(isSecond)
            let time = Self.now() - begin
            // What comes first warms up, and says from where on it is the machine that is measured.
            if round < 1000 {
                first.append(time)
                if round == 999 { limit = first.sorted()[900] }
                continue
            }
            all.add(time, isSecond: isSecond)
            if time < limit { cropped.add(time, isSecond: isSecond) }
        }
        return (all.t, cropped.t)
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// Equal secrets against such that differ in their first octet.
    private func comparison() -> (Bool) throws -> Void {
        let secret = [UInt8](repeating: 7, count: 4096)
        let other = [8] + secret.dropFirst()
        let equal = Array(secret)
        return { isSecond in
            guard constantTimeEqual(secret, isSecond ? other : equal) == !isSecond else { abort() }
        }
    }

    /// Session keys with right padding against any other numbers, of which there are as many.
    private func rsaDecryption(size: Int? = nil) throws -> (Bool) throws -> Void {
        let numbers = try RSAKeyNumbers.generate(bits: 2048)
        let key = try PrivateKeyHandle.rsa(
            n: numbers.n, e: numbers.e, d: numbers.d, p: numbers.p, q: numbers.q, u: numbers.u)
        let publicKey = try PublicKeyHandle.rsa(n: numbers.n, e: numbers.e)
        let pools = try [false, true].map { isWrong in
            try (0..<128).map { _ in
                let secret = try SecureRandom.bytes(32)
                let sum = secret.reduce(0) { $0 &+ UInt16($1) }
                let message = size == nil ? [9] + secret + [UInt8(sum >> 8), UInt8(sum & 0xFF)] : secret
                var ciphertext = try publicKey.encryptRSA(SecretBytes(copying: message))
                // Another number below the modulus, whose root is anything.
                if isWrong {
                    repeat {
                        ciphertext = try SecureRandom.bytes(numbers.n.count)
                    } while !ciphertext.lexicographicallyPrecedes(numbers.n)
                }
                return ciphertext
            }
        }
        var index = 0
        return { isSecond in
            index = (index + 1) & 127
            let ciphertext = pools[isSecond ? 1 : 0][index]
            if let size {
                _ = try key.decryptSessionKey(ciphertext, size: size)
            } else {
                _ = try key.decryptSessionKey(ciphertext)
            }
        }
    }
}
