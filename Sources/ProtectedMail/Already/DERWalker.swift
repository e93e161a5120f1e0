/// Follows BER or DER as it streams by and tells whether it is one encrypted CMS message and nothing else: a SEQUENCE of
/// the object identifier of an enveloped content type and its content (RFC 5652, section 3), well nested down to the
/// last octet, with nothing after it.
struct DERWalker {
    /// What can be said.
    enum State: Equatable {
        case open
        case enveloped
        case refused
    }

    private(set) var state = State.open
    /// The constructed values around the current position: octets left, or nil where end-of-contents octets end it.
    private var stack: [Int?] = []
    /// Identifier and length octets of the value that begins, as far as they have come.
    private var head: [UInt8] = []
    /// Octets left of a primitive value.
    private var skipping = 0
    /// Values begun so far, counted up to a few.
    private var elements = 0
    private var identifier: [UInt8] = []
    private var isDone = false
    private static let maxDepth = 64
    // id-envelopedData and id-ct-authEnvelopedData (RFC 5652, section 6.1; RFC 5083, section 2.1).
    private static let enveloped: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x03]
    private static let authEnveloped: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01, 0x17]

    mutating func push(_ bytes: Span<UInt8>) {
        var position = 0
        while position < bytes.count, state == .open {
            if isDone {
                state = .refused
            } else if skipping > 0 {
                let step = min(skipping, bytes.count - position)
                if elements == 2, identifier.count <= 16 {
                    identifier.append(bytes.extracting(position..<(position + min(step, 17))))
                }
                skipping -= step
                consume(step)
                position += step
                if skipping == 0 { endValue() }
            } else {
                head.append(bytes[position])
                position += 1
                consume(1)
                if state == .open { beginValue() }
            }
        }
    }

    /// Ends the data.
    mutating func finish() {
        guard state == .open else { return }
        let isEnveloped = identifier == Self.enveloped || identifier == Self.authEnveloped
        state = isDone && isEnveloped ? .enveloped : .refused
    }

    /// Counts octets against every value of definite length around them.
    private mutating func consume(_ count: Int) {
        for index in stack.indices {
            guard let left = stack[index] else { continue }
            guard left >= count else {
                state = .refused
                return
            }
            stack[index] = left - count
        }
    }

    private mutating func beginValue() {
        guard head.count >= 2 else { return }
        // Tags above 30 do not occur in what a mail program writes here.
        guard head[0] & 0x1F != 0x1F else { return refuse() }
        guard let (length, used) = Self.length(head[1...]) else {
            if head.count > 8 { refuse() }
            return
        }
        guard head.count == 1 + used else { return refuse() }
        let tag = head[0]
        head.removeAll(keepingCapacity: true)
        if tag == 0 {
            // End of contents: closes the innermost value, which must be one without a length.
            guard length == 0, let last = stack.last, last == nil else { return refuse() }
            stack.removeLast()
            return endValue()
        }
        elements = min(elements + 1, 4)
        guard isExpected(tag) else { return refuse() }
        let isConstructed = tag & 0x20 != 0
        if let length {
            guard fits(length) else { return refuse() }
            if isConstructed, length > 0 {
                guard stack.count < Self.maxDepth else { return refuse() }
                stack.append(length)
            } else if length > 0 {
                skipping = length
            } else {
                endValue()
            }
        } else {
            guard isConstructed, stack.count < Self.maxDepth else { return refuse() }
            stack.append(nil)
        }
    }

    /// The first three values are the outer SEQUENCE, the object identifier and the [0] around the content.
    private func isExpected(_ tag: UInt8) -> Bool {
        switch elements {
        case 1: tag == 0x30
        case 2: tag == 0x06
        case 3: tag == 0xA0 && stack.count == 1
        default: true
        }
    }

    private func fits(_ length: Int) -> Bool {
        stack.allSatisfy { left in left.map { $0 >= length } ?? true }
    }

    /// A value ended: so do all around it that have no octets left.
    private mutating func endValue() {
        while let last = stack.last, last == 0 { stack.removeLast() }
        if stack.isEmpty { isDone = true }
        if identifier.count > 16 { refuse() }
    }

    private mutating func refuse() { state = .refused }

    /// A length: its value, nil inside for the indefinite form, and the octets it takes; nil while it is not complete.
    private static func length(_ bytes: ArraySlice<UInt8>) -> (Int?, Int)? {
        guard let first = bytes.first else { return nil }
        if first < 0x80 { return (Int(first), 1) }
        if first == 0x80 { return (nil, 1) }
        let count = Int(first & 0x7F)
        guard count <= 6, bytes.count > count else { return nil }
        let value = bytes.dropFirst().prefix(count).reduce(0) { $0 << 8 | Int($1) }
        return (value, 1 + count)
    }
}
