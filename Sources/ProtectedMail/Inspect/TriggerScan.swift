/// Looks for anything that makes a message worth a closer look, in one pass over bytes in any pieces: an Aho-Corasick
/// automaton with one table step per octet.
///
/// The search ignores the case of letters and all line ends, so that it also finds armor inside base64, which breaks
/// lines anywhere. It may cry wolf; it must not miss what an honest mail program writes. An attacker who hides his own
/// signature from it gains `none`.
struct TriggerScan {
    /// Whether anything was found so far.
    private(set) var hasFired = false
    private var state: UInt8 = 0

    /// The words, in lower case: the marks of protection, then the ends of what `StatusImitation` looks for, then "-----BEGIN PGP" in
    /// base64, at each of the three offsets.
    private static let words = [
        "begin pgp", "/pgp-signature", "/pgp-encrypted", "multipart/signed", "multipart/encrypted", "pkcs7-", ".p7m",
        "od signature",
        "ct sign", "id sign", "ied sign", "ted sign", "ture is", "ture ver", "ture sta", "ture val", "lly signed",
        "is signed", "was signed",
        "ls0tls1crudjtibqr1a", "0tls0tqkvhsu4guedqi", "ls0tlujfr0loifbhuc",
    ]

    /// Next state by state and octet; the state 255 is a hit.
    private static let table: [UInt8] = makeTable()
    private static let hit: UInt8 = 255

    /// Searches a piece.
    mutating func push(_ bytes: Span<UInt8>) {
        guard !hasFired else { return }
        var current = state
        let table = Self.table.span
        for index in 0..<bytes.count {
            current = table[Int(current) << 8 | Int(bytes[index])]
            if current == Self.hit {
                hasFired = true
                return
            }
        }
        state = current
    }

    private static func makeTable() -> [UInt8] {
        var next: [[Int]] = [Array(repeating: 0, count: 256)]
        var ends: Set<Int> = []
        for word in words {
            var node = 0
            for byte in word.utf8 {
                if next[node][Int(byte)] == 0 {
                    next.append(Array(repeating: 0, count: 256))
                    next[node][Int(byte)] = next.count - 1
                }
                node = next[node][Int(byte)]
            }
            ends.insert(node)
        }
        var fail = Array(repeating: 0, count: next.count)
        var queue = next[0].filter { $0 != 0 }
        var head = 0
        while head < queue.count {
            let node = queue[head]
            head += 1
            if ends.contains(fail[node]) { ends.insert(node) }
            for byte in 0..<256 {
                let child = next[node][byte]
                if child == 0 {
                    next[node][byte] = next[fail[node]][byte]
                } else {
                    fail[child] = next[fail[node]][byte]
                    queue.append(child)
                }
            }
        }
        precondition(next.count < 255, "the words of the search must fit one octet of state")
        var table = Array(repeating: hit, count: next.count << 8)
        for node in next.indices {
            for byte in 0..<256 {
                let target: Int
                switch UInt8(byte) {
                case Octet.cr, Octet.lf: target = node
                default: target = next[node][Int(Octet.lower(UInt8(byte)))]
                }
                table[node << 8 | byte] = ends.contains(target) ? hit : UInt8(target)
            }
        }
        return table
    }
}
