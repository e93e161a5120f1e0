/// Splits the body of a multipart at its delimiters as octets stream by, by the same rule as the tree parser.
///
/// All octets come out again, in order, each in one region; how the input is cut into pieces changes nothing but how
/// runs of one region are cut. At most a line end and one candidate line are held back.
public struct MultipartScanner: Sendable {
    /// What octets belong to.
    public enum Region: Sendable, Hashable {
        case preamble
        /// A delimiter line with the line end before it and its own; the number of the part that follows, from 0.
        case delimiter(Int)
        /// Header and body of a part, without the line end before the next delimiter.
        case part(Int)
        /// The close delimiter line with the line end before it and its own.
        case closeDelimiter
        case epilogue
    }

    /// Delimiters so far that were followed by a part.
    public private(set) var partCount = 0
    /// Whether the close delimiter came.
    public private(set) var isClosed = false
    /// A line began like a delimiter and went on with something else: other readers may split there.
    public private(set) var hasDelimiterPrefix = false
    /// A delimiter line came after the close delimiter.
    public private(set) var hasDelimiterAfterClose = false

    private enum State {
        /// Within a line that is no delimiter.
        case inLine
        /// Comparing a line with the delimiter; the count of octets that fit.
        case comparing(Int)
        /// The delimiter fits; dashes, padding and CR after it.
        case tail(dashes: Int, padding: Int, hasCR: Bool)
    }
    private let target: [UInt8]
    private var state = State.comparing(0)
    /// A line end not given out yet, and the candidate line after it.
    private var held: [UInt8] = []

    /// - Parameter boundary: the parameter's octets; white space at its end does not count.
    /// - Throws: ``MIMEError/Code/invalidBoundary`` when it is empty or longer than 998 octets.
    public init(boundary: [UInt8]) throws(MIMEError) {
        var trimmed = boundary
        while let last = trimmed.last, ASCII.isWSP(last) { trimmed.removeLast() }
        guard !trimmed.isEmpty, trimmed.count <= 998 else {
            throw MIMEError(.invalidBoundary, "a boundary must have 1 to 998 octets, this one has \(trimmed.count)")
        }
        target = [ASCII.hyphen, ASCII.hyphen] + trimmed
    }

    /// Takes a piece of any size and hands out stretches with their region. A stretch is never empty.
    public mutating func push<E: Error>(
        _ input: Span<UInt8>, _ sink: (Region, Span<UInt8>) throws(E) -> Void
    ) throws(E) {
        var index = 0
        while index < input.count {
            switch state {
            case .inLine: index = try lines(input, from: index, sink)
            case .comparing(let matched): index = try compare(input, from: index, matched, sink)
            case .tail(let dashes, let padding, let hasCR):
                index = try tail(input, from: index, dashes, padding, hasCR, sink)
            }
        }
    }

    /// Ends the input: what is held back is judged and handed out.
    public mutating func finish<E: Error>(_ sink: (Region, Span<UInt8>) throws(E) -> Void) throws(E) {
        if case .tail(let dashes, _, false) = state, dashes != 1 {
            try delimiter(isClose: dashes == 2, sink)
        } else {
            if case .tail = state { hasDelimiterPrefix = true }
            try release(sink)
        }
        state = .inLine
    }

    private var content: Region {
        isClosed ? .epilogue : partCount == 0 ? .preamble : .part(partCount - 1)
    }

    /// Hands out what is held back as content.
    private mutating func release<E: Error>(_ sink: (Region, Span<UInt8>) throws(E) -> Void) throws(E) {
        guard !held.isEmpty else { return }
        let octets = held
        held.removeAll(keepingCapacity: true)
        try sink(content, octets.span)
    }

    /// Content up to the next line that may be a delimiter, in one stretch.
    private mutating func lines<E: Error>(
        _ input: Span<UInt8>, from start: Int, _ sink: (Region, Span<UInt8>) throws(E) -> Void
    ) throws(E) -> Int {
        // A CR that ended an earlier piece waits here.
        if !held.isEmpty, input[start] != ASCII.lf { try release(sink) }
        var place = start
        while let lf = input.firstIndex(of: ASCII.lf, in: place..<input.count) {
            place = lf + 1
            if place + 1 < input.count, input[place] != ASCII.hyphen || input[place + 1] != ASCII.hyphen { continue }
            var end = lf
            if lf > start, input[lf - 1] == ASCII.cr { end = lf - 1 }
            if end > start {
                try release(sink)
                try sink(content, input.extracting(start..<end))
            }
            if end == start, !held.isEmpty, end == lf {
                held.append(ASCII.lf)
            } else {
                try release(sink)
                held.append(input.extracting(end..<place))
            }
            state = .comparing(0)
            return place
        }
        var end = input.count
        if input[end - 1] == ASCII.cr { end -= 1 }
        if end > start {
            try release(sink)
            try sink(content, input.extracting(start..<end))
        }
        if end < input.count { held.append(ASCII.cr) }
        return input.count
    }

    private mutating func compare<E: Error>(
        _ input: Span<UInt8>, from start: Int, _ already: Int, _ sink: (Region, Span<UInt8>) throws(E) -> Void
    ) throws(E) -> Int {
        var index = start
        var matched = already
        while index < input.count, matched < target.count, input[index] == target[matched] {
            index += 1
            matched += 1
        }
        held.append(input.extracting(start..<index))
        if matched == target.count {
            state = .tail(dashes: 0, padding: 0, hasCR: false)
        } else if index < input.count {
            state = .inLine
            try release(sink)
        } else {
            state = .comparing(matched)
        }
        return index
    }

    private mutating func tail<E: Error>(
        _ input: Span<UInt8>, from index: Int, _ dashes: Int, _ padding: Int, _ hasCR: Bool,
        _ sink: (Region, Span<UInt8>) throws(E) -> Void
    ) throws(E) -> Int {
        let byte = input[index]
        switch byte {
        case ASCII.lf where dashes != 1:
            held.append(byte)
            try delimiter(isClose: dashes == 2, sink)
            return index + 1
        case ASCII.cr where !hasCR && dashes != 1: state = .tail(dashes: dashes, padding: padding, hasCR: true)
        case ASCII.hyphen where !hasCR && padding == 0 && dashes < 2:
            state = .tail(dashes: dashes + 1, padding: 0, hasCR: false)
        case ASCII.space where !hasCR && dashes != 1 && padding < Delimiter.maxPadding,
            ASCII.tab where !hasCR && dashes != 1 && padding < Delimiter.maxPadding:
            state = .tail(dashes: dashes, padding: padding + 1, hasCR: false)
        default:
            hasDelimiterPrefix = true
            state = .inLine
            // A CR here may be the first half of a line end that the next delimiter owns.
            try release(sink)
            return index
        }
        held.append(byte)
        return index + 1
    }

    private mutating func delimiter<E: Error>(
        isClose: Bool, _ sink: (Region, Span<UInt8>) throws(E) -> Void
    ) throws(E) {
        state = .comparing(0)
        if isClosed {
            hasDelimiterAfterClose = true
            return try release(sink)
        }
        let octets = held
        held.removeAll(keepingCapacity: true)
        if isClose {
            isClosed = true
            try sink(.closeDelimiter, octets.span)
        } else {
            partCount += 1
            try sink(.delimiter(partCount - 1), octets.span)
        }
    }
}
