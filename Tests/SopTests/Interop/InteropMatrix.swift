import OpenPGP
import TestSupport

/// What implementations make of each other's work. A cell is an operation on one text under one key, by a producer and a
/// consumer; ours is one of the two. Where a cell fails, others are put in our place: two that pass say that the fault
/// is ours.
struct InteropMatrix {
    struct Key {
        let name: String
        let secret: [UInt8]
        let certificate: [UInt8]
        let version: UInt8
    }

    struct Cell: CustomStringConvertible {
        let operation: String
        let key: String
        let text: String
        let producer: String
        let consumer: String

        var description: String { "\(operation) [\(key), \(text)] \(producer) > \(consumer)" }
    }

    /// Failures that are understood, and not ours.
    struct Difference {
        let operations: Set<Operation>
        let producer: String
        let consumer: String
        let reason: String
    }

    static let differences = [
        // Sequoia 1.12 and PGPainless 1.3 hash them. Nobody verifies that, nor gpg, nor they themselves; RFC 9580 section 7.2
        // says that they are not covered.
        Difference(
            operations: [.cleartext], producer: "sqop", consumer: "guard-sop",
            reason: "hashes blanks at the end of a last line without a line end"),
        Difference(
            operations: [.cleartext], producer: "pgpainless-cli", consumer: "guard-sop",
            reason: "hashes blanks at the end of a last line without a line end"),
        // Only that of 2022: later ones keep them.
        Difference(
            operations: [.encrypt, .encryptAndSign, .password], producer: "guard-sop", consumer: "gosop",
            reason: "gives out binary content as text, with other line ends"),
    ]

    struct Report {
        var passed = 0
        /// Failures that are in `differences`.
        var known = 0
        var unsupported = 0
        /// Failures that two others do not share.
        var faults: [String] = []
        /// Failures that are as likely those of the other side.
        var doubtful: [String] = []
        /// Operations on keys that too few others here read.
        var unproven: [String] = []
    }

    enum Operation: String, CaseIterable {
        case encrypt, encryptAndSign, password, detached, detachedText, inline, cleartext

        var needsKey: Bool { self != .password }
    }

    let others: [any Peer]
    let texts: [(name: String, data: [UInt8])]
    private(set) var report = Report()

    init(others: [any Peer], texts: [(name: String, data: [UInt8])]) {
        self.others = others
        self.texts = texts
    }

    mutating func run(_ operation: Operation, under key: Key) {
        let readers = others.filter { $0.versions.contains(key.version) }
        // What is new counts only with two others who know it.
        if readers.count < (key.version == 6 ? 2 : 1) { report.unproven.append("\(operation.rawValue) [\(key.name)]") }
        let ours: any Peer = Peers.ours
        let pairs = [(ours, ours)] + readers.map { (ours, $0) } + readers.map { ($0, ours) }
        // Signatures over text are for text.
        let isOfText = operation == .cleartext || operation == .detachedText
        for (name, data) in texts where !isOfText || name != "random" {
            for (producer, consumer) in pairs {
                let cell = Cell(
                    operation: operation.rawValue, key: key.name, text: name, producer: producer.name,
                    consumer: consumer.name)
                judge(cell, operation, key, data, producer, consumer, readers)
            }
        }
    }

    private mutating func judge(
        _ cell: Cell, _ operation: Operation, _ key: Key, _ data: [UInt8], _ producer: any Peer, _ consumer: any Peer,
        _ readers: [any Peer]
    ) {
        do {
            try Self.pass(operation, key, data, producer, consumer)
            report.passed += 1
        } catch is Unsupported {
            report.unsupported += 1
        } catch {
            let isOursAlone = producer.name == consumer.name
            let witnesses = readers.filter { other in
                let pair = producer.name == Peers.ours.name ? (other, consumer) : (producer, other)
                guard pair.0.name != pair.1.name else { return false }
                return (try? Self.pass(operation, key, data, pair.0, pair.1)) != nil
            }
            let line = "\(cell): \(error)"
            let isKnown = Self.differences.contains {
                $0.operations.contains(operation) && $0.producer == cell.producer && $0.consumer == cell.consumer
            }
            if isOursAlone || witnesses.count >= 2 {
                report.faults.append(line)
            } else if isKnown {
                report.known += 1
            } else {
                report.doubtful.append(line)
            }
        }
    }

    private static func pass(
        _ operation: Operation, _ key: Key, _ data: [UInt8], _ producer: any Peer, _ consumer: any Peer
    ) throws {
        var expected = data
        let found: [UInt8]
        switch operation {
        case .encrypt:
            let message = try producer.encrypt(data, to: key.certificate, signer: nil)
            found = try consumer.decrypt(message, key: key.secret, signer: nil)
        case .encryptAndSign:
            let message = try producer.encrypt(data, to: key.certificate, signer: key.secret)
            found = try consumer.decrypt(message, key: key.secret, signer: key.certificate)
        case .password:
            let password = "Pässwort 7"
            found = try consumer.decrypt(try producer.encrypt(data, password: password), password: password)
        case .detached, .detachedText:
            let signature = try producer.sign(data, key: key.secret, isText: operation == .detachedText)
            try consumer.verify(signature, of: data, signer: key.certificate)
            found = data
        case .inline:
            let message = try producer.inlineSign(data, key: key.secret, isCleartext: false)
            found = try consumer.inlineVerify(message, signer: key.certificate)
        case .cleartext:
            let message = try producer.inlineSign(data, key: key.secret, isCleartext: true)
            found = covered(try consumer.inlineVerify(message, signer: key.certificate))
            expected = covered(data)
        }
        guard found == expected else { throw TestFailure("\(found.count) octets instead of \(expected.count)") }
    }

    /// What a cleartext signature covers, whatever the line ends.
    private static func covered(_ text: [UInt8]) -> [UInt8] {
        var lines = text.split(separator: 10, omittingEmptySubsequences: false).map { line -> ArraySlice<UInt8> in
            var line = line
            while let last = line.last, [32, 9, 13].contains(last) { line.removeLast() }
            return line
        }
        while lines.count > 1, lines.last?.isEmpty ?? false { lines.removeLast() }
        return Array(lines.joined(separator: [10]))
    }
}
