/// One pass over a message, line by line, that builds the tree.
///
/// Every line that begins with "--" is compared with the boundaries of all open multiparts, outermost first: what an
/// enclosing entity calls a delimiter ends all entities inside of it. That is how a reader sees it that splits the
/// outer multipart first, and signatures are made and checked over such parts. The number of open multiparts is
/// limited, so the time is linear in the size.
struct MessageParser {
    let bytes: [UInt8]
    let limits: Limits
    /// Where the line under way starts; what is before it belongs to an entity already.
    private var position = 0
    private var parts = 0
    /// Boundaries of the multiparts open around the position, outermost first.
    private var open: [[UInt8]] = []
    /// For each of them, where its preamble or part under way starts.
    private var floors: [Int] = []

    init(_ bytes: [UInt8], _ limits: Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// A line: where its text starts and ends and where the next one starts.
    private struct Line {
        let start: Int
        let end: Int
        let next: Int
    }

    /// Why an entity ended.
    private enum Stop {
        case endOfInput
        /// At a delimiter line of `open[level]`. `start` is where the line end before it begins.
        case delimiter(level: Int, isClose: Bool, start: Int, next: Int)

    }

    mutating func parse() throws(MIMEError) -> Entity {
        try entity(depth: 1, assumed: .textPlain).entity
    }

    /// Facts about lines, which need no tree.
    func lineDefects() -> [Defect] {
        var safety = SevenBitSafety()
        safety.push(bytes.span)
        safety.finish()
        var defects: [Defect] = []
        if let offset = safety.firstNUL { defects.append(Defect(.nul, at: offset)) }
        if let offset = safety.firstBareCR { defects.append(Defect(.bareCR, at: offset)) }
        if let offset = safety.firstBareLF { defects.append(Defect(.bareLF, at: offset)) }
        return defects
    }

    private func line() throws(MIMEError) -> Line? {
        let start = position
        guard start < bytes.count else { return nil }
        let end: Int
        let next: Int
        if let lf = bytes.span.firstIndex(of: ASCII.lf, in: start..<bytes.count) {
            end = lf > start && bytes[lf - 1] == ASCII.cr ? lf - 1 : lf
            next = lf + 1
        } else {
            end = bytes.count
            next = end
        }
        if end - start > limits.maxLineLength {
            throw MIMEError(
                .lineTooLong, "a line has \(end - start) octets, more than \(limits.maxLineLength)", offset: start)
        }
        return Line(start: start, end: end, next: next)
    }

    /// Where the line end right before `start` begins, but not before `floor`.
    private func lineEnd(before start: Int, floor: Int) -> Int {
        var place = start
        if place > floor, bytes[place - 1] == ASCII.lf {
            place -= 1
            if place > floor, bytes[place - 1] == ASCII.cr { place -= 1 }
        }
        return place
    }

    /// The delimiter a line is, if it is one. Lines that only begin like one are noted.
    private func stop(at line: Line, _ defects: inout [Defect]) -> Stop? {
        guard !open.isEmpty, line.end - line.start >= 2, bytes[line.start] == ASCII.hyphen,
            bytes[line.start + 1] == ASCII.hyphen
        else { return nil }
        var isPrefix = false
        for (level, boundary) in open.enumerated() {
            switch Delimiter.match(bytes.span, line.start..<line.end, boundary) {
            case nil: continue
            case .prefix: isPrefix = true
            case .open:
                return .delimiter(
                    level: level, isClose: false, start: lineEnd(before: line.start, floor: floors[level]),
                    next: line.next)
            case .close:
                return .delimiter(
                    level: level, isClose: true, start: lineEnd(before: line.start, floor: floors[level]),
                    next: line.next)
            }
        }
        if isPrefix { note(.delimiterPrefix, line.start, &defects) }
        return nil
    }

    /// Adds a defect, but of each kind only the first few of an entity: hostile input must not grow a list.
    private func note(_ kind: Defect.Kind, _ offset: Int, _ defects: inout [Defect], _ detail: String? = nil) {
        guard defects.count < 100 else { return }
        if defects.last?.kind == kind, defects.last?.detail == detail { return }
        defects.append(Defect(kind, at: offset, detail))
    }

    private mutating func entity(
        depth: Int, assumed: ContentType
    ) throws(MIMEError) -> (entity: Entity, stop: Stop) {
        if depth > limits.maxDepth {
            throw MIMEError(.tooDeep, "entities are nested deeper than \(limits.maxDepth)", offset: position)
        }
        parts += 1
        if parts > limits.maxParts {
            throw MIMEError(.tooManyParts, "there are more than \(limits.maxParts) entities", offset: position)
        }
        var draft = EntityDraft(start: position)
        let early = try header(&draft)
        draft.interpret(assumed)
        let stop: Stop
        if let early {
            stop = early
        } else if draft.contentType.isMultipart {
            stop = try multipart(&draft, depth)
        } else if draft.contentType.isMessage, draft.transferEncoding.isIdentity, position < bytes.count {
            let (inner, ending) = try entity(depth: depth + 1, assumed: .textPlain)
            draft.children = [inner]
            stop = ending
        } else {
            if draft.contentType.isMessage, !draft.transferEncoding.isIdentity {
                note(.encodedComposite, draft.bodyStart, &draft.defects)
            }
            stop = try leaf(&draft)
        }
        let end = if case .delimiter(_, _, let start, _) = stop { start } else { bytes.count }
        return (draft.finished(end: end), stop)
    }

    /// Reads the fields up to the blank line. Returns a stop when a delimiter ends the entity inside of its header.
    private mutating func header(_ draft: inout EntityDraft) throws(MIMEError) -> Stop? {
        var field: (start: Int, colon: Int, nameEnd: Int)?
        var fieldEnd = position
        func close(_ draft: inout EntityDraft) {
            guard let open = field else { return }
            field = nil
            var textEnd = fieldEnd
            if textEnd > open.colon + 1, bytes[textEnd - 1] == ASCII.lf { textEnd -= 1 }
            if textEnd > open.colon + 1, textEnd < fieldEnd, bytes[textEnd - 1] == ASCII.cr { textEnd -= 1 }
            draft.fields.append(
                HeaderField(
                    name: Array(bytes[open.start..<open.nameEnd]), rawValue: Array(bytes[(open.colon + 1)..<textEnd]),
                    range: open.start..<fieldEnd))
        }
        defer { draft.bodyStart = position }
        while let line = try line() {
            if let stop = stop(at: line, &draft.defects) {
                close(&draft)
                draft.headerEnd = position
                // Legal for a part without a body, but readers that want a blank line read on.
                note(.missingBlankLine, line.start, &draft.defects)
                return stop
            }
            if line.next - draft.start > limits.maxHeaderBytes, line.end > line.start {
                throw MIMEError(
                    .headerTooLarge, "a header has more than \(limits.maxHeaderBytes) octets", offset: draft.start)
            }
            if line.end == line.start {
                close(&draft)
                draft.headerEnd = position
                position = line.next
                return nil
            }
            if ASCII.isWSP(bytes[line.start]), field != nil {
                if bytes[line.start..<line.end].allSatisfy({ ASCII.isWSP($0) }) {
                    note(.blankContinuation, line.start, &draft.defects)
                }
            } else if let (nameEnd, colon) = fieldName(line) {
                close(&draft)
                if nameEnd != colon { note(.spaceBeforeColon, line.start, &draft.defects) }
                field = (line.start, colon, nameEnd)
            } else if line.start == 0,
                bytes.starts(with: Array("From ".utf8)) || bytes.starts(with: Array(">From ".utf8))
            {
                note(.mboxFromLine, 0, &draft.defects)
            } else {
                // As Postfix does it: the first line that is no field is the body.
                close(&draft)
                draft.headerEnd = position
                note(.missingBlankLine, line.start, &draft.defects)
                return nil
            }
            position = line.next
            fieldEnd = line.next
        }
        close(&draft)
        draft.headerEnd = position
        return nil
    }

    /// Where the name of a field ends and where its colon stands; nil when the line is none.
    private func fieldName(_ line: Line) -> (nameEnd: Int, colon: Int)? {
        var index = line.start
        while index < line.end, bytes[index] > ASCII.space, bytes[index] < ASCII.delete, bytes[index] != ASCII.colon {
            index += 1
        }
        let nameEnd = index
        while index < line.end, ASCII.isWSP(bytes[index]) { index += 1 }
        guard nameEnd > line.start, index < line.end, bytes[index] == ASCII.colon else { return nil }
        return (nameEnd, index)
    }

    private mutating func leaf(_ draft: inout EntityDraft) throws(MIMEError) -> Stop {
        while let line = try line() {
            if let stop = stop(at: line, &draft.defects) { return stop }
            position = line.next
        }
        return .endOfInput
    }

    private mutating func multipart(_ draft: inout EntityDraft, _ depth: Int) throws(MIMEError) -> Stop {
        guard let boundary = draft.splitBoundary() else {
            note(.missingBoundary, draft.bodyStart, &draft.defects)
            return try leaf(&draft)
        }
        if !MIMEBuilder.isValidBoundary(draft.contentType.parameterBytes("boundary") ?? []) {
            note(.invalidBoundary, draft.start, &draft.defects)
        }
        if open.contains(boundary) { note(.reusedBoundary, draft.start, &draft.defects) }
        if !draft.transferEncoding.isIdentity { note(.encodedComposite, draft.bodyStart, &draft.defects) }
        let own = open.count
        open.append(boundary)
        floors.append(draft.bodyStart)
        draft.boundary = boundary
        let assumed: ContentType = draft.contentType.subtype == "digest" ? .messageRFC822 : .textPlain
        var stop = try leaf(&draft)
        while case .delimiter(own, let isClose, let start, let next) = stop {
            draft.delimiters.append(start..<next)
            position = next
            floors[own] = next
            if isClose {
                draft.isClosed = true
                open.removeLast()
                floors.removeLast()
                return try epilogue(&draft, boundary)
            }
            let (child, ending) = try entity(depth: depth + 1, assumed: assumed)
            draft.children.append(child)
            stop = ending
        }
        open.removeLast()
        floors.removeLast()
        note(draft.delimiters.isEmpty ? .noParts : .missingCloseDelimiter, position, &draft.defects)
        return stop
    }

    private mutating func epilogue(_ draft: inout EntityDraft, _ boundary: [UInt8]) throws(MIMEError) -> Stop {
        while let line = try line() {
            if let stop = stop(at: line, &draft.defects) { return stop }
            if line.end - line.start >= 2, bytes[line.start] == ASCII.hyphen, bytes[line.start + 1] == ASCII.hyphen,
                let match = Delimiter.match(bytes.span, line.start..<line.end, boundary)
            {
                if case .prefix = match {} else { note(.delimiterAfterClose, line.start, &draft.defects) }
            }
            position = line.next
        }
        return .endOfInput
    }
}
