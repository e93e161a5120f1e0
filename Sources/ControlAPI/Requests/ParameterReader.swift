import Guard
import Libcrypto
import MIME

/// Turns the query and the body of a request into ``Parameters``.
struct ParameterReader {
    private(set) var parameters = Parameters()

    /// Takes the query in, the part of the request target after the question mark.
    /// - Throws: `GuardError` with code `secretInQuery` where it names a password.
    mutating func query(_ text: Substring) throws(GuardError) {
        try form(Array(text.utf8), isQuery: true)
    }

    /// Takes a path element in that the routing table names.
    mutating func pathElement(_ name: String, _ text: Substring) throws(GuardError) {
        guard let octets = Self.percentDecoded(Array(text.utf8)[...], plusIsSpace: false) else {
            throw GuardError(.badParameter, "the path is not encoded right")
        }
        try parameters.add(name, .octets(octets))
    }

    /// Takes the body in.
    /// - Parameter contentType: the field of the request; nil where it is missing.
    mutating func body(_ octets: [UInt8], contentType: String?) throws(GuardError) {
        guard !octets.isEmpty else { return }
        guard let contentType else { throw GuardError(.badParameter, "the body has no Content-Type") }
        let type = ContentType.parse(Array(contentType.utf8))
        switch type.mediaType {
        case "application/json": try json(octets)
        case "application/x-www-form-urlencoded": try form(octets, isQuery: false)
        case "multipart/form-data": try multipart(octets, type)
        default:
            throw GuardError(
                .badParameter,
                "the body must be application/json, application/x-www-form-urlencoded or multipart/form-data")
        }
    }

    private mutating func json(_ octets: [UInt8]) throws(GuardError) {
        guard case .object(let members) = try JSONReader.read(octets, secrets: Parameters.secretNames) else {
            throw GuardError(.badParameter, "the JSON of the body is no object")
        }
        for (name, value) in members { try parameters.add(name, .json(value)) }
    }

    private mutating func form(_ octets: [UInt8], isQuery: Bool) throws(GuardError) {
        var names = Set<String>()
        for pair in octets.split(separator: UInt8(ascii: "&"), maxSplits: 200) where !pair.isEmpty {
            let cut = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let nameOctets = Self.percentDecoded(pair[..<cut], plusIsSpace: true),
                let value = Self.percentDecoded(pair[cut...].dropFirst(), plusIsSpace: true)
            else { throw GuardError(.badParameter, "a parameter is not encoded right") }
            let name = try Self.name(nameOctets)
            if isQuery, Parameters.secretNames.contains(name.lowercased()) {
                throw GuardError(
                    .secretInQuery, "\(name) stands in the query, where logs keep it; send it in the body",
                    parameters: [name])
            }
            guard names.insert(name).inserted else {
                throw GuardError(.badParameter, "a parameter is there twice", parameters: [name])
            }
            try add(name, value)
        }
    }

    private mutating func multipart(_ octets: [UInt8], _ type: ContentType) throws(GuardError) {
        guard let boundary = type.parameterBytes("boundary") else {
            throw GuardError(.badParameter, "the multipart body names no boundary")
        }
        var parts: [[UInt8]] = []
        let isClosed: Bool
        do {
            var scanner = try MultipartScanner(boundary: boundary)
            func take(_ region: MultipartScanner.Region, _ span: Span<UInt8>) throws(MIMEError) {
                switch region {
                case .delimiter:
                    guard parts.count < 100 else { throw MIMEError(.tooManyParts, "more than 100 parts") }
                    parts.append([])
                case .part(let index):
                    guard parts.indices.contains(index) else { return }
                    unsafe span.withUnsafeBufferPointer { unsafe parts[index].append(contentsOf: $0) }
                default: break
                }
            }
            try scanner.push(octets.span, take)
            try scanner.finish(take)
            isClosed = scanner.isClosed
        } catch {
            throw GuardError(.badParameter, "the multipart body: \(error.message)")
        }
        guard isClosed else { throw GuardError(.badParameter, "the multipart body does not end") }
        var names = Set<String>()
        for part in parts {
            let (name, content) = try Self.part(part)
            guard names.insert(name).inserted else {
                throw GuardError(.badParameter, "a part of the body is there twice", parameters: [name])
            }
            try add(name, content)
        }
    }

    /// The name and the content of a part (RFC 7578). A transfer encoding is none of a form's.
    private static func part(_ octets: [UInt8]) throws(GuardError) -> (name: String, content: [UInt8]) {
        // The header ends at the first empty line; only it goes to the parser of mail.
        var end = 0
        var lineStart = 0
        var start: Int?
        while start == nil, let lf = octets[lineStart...].firstIndex(of: 0x0A) {
            if lf == lineStart || lf == lineStart + 1 && octets[lineStart] == 0x0D {
                end = lineStart
                start = lf + 1
            }
            lineStart = lf + 1
            guard lineStart <= 16 << 10 else { break }
        }
        guard let start else { throw GuardError(.badParameter, "a part of the body has no end of header") }
        guard let header = try? Message(parsing: Array(octets[..<end])).root.header,
            let field = header.first("Content-Disposition"), header.all("Content-Disposition").count == 1
        else { throw GuardError(.badParameter, "a part of the body has no Content-Disposition") }
        let disposition = ContentDisposition.parse(field.rawValue)
        guard disposition.type == "form-data", let text = disposition.parameter("name") else {
            throw GuardError(.badParameter, "a part of the body has no name")
        }
        return (try name(Array(text.utf8)), Array(octets[start...]))
    }

    private mutating func add(_ name: String, _ value: [UInt8]) throws(GuardError) {
        guard Parameters.secretNames.contains(name.lowercased()) else {
            return try parameters.add(name, .octets(value))
        }
        var value = value
        defer { value.wipe() }
        try parameters.add(name, .json(.secret(SecretBytes(copying: value))))
    }

    private static func name(_ octets: [UInt8]) throws(GuardError) -> String {
        guard (1...64).contains(octets.count), octets.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw GuardError(.badParameter, "the name of a parameter is no 1 to 64 printable ASCII characters")
        }
        return String(decoding: octets, as: UTF8.self)
    }

    static func percentDecoded(_ octets: ArraySlice<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(octets.count)
        var rest = octets
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst()?.hexadecimalDigit, let low = rest.popFirst()?.hexadecimalDigit else {
                    return nil
                }
                result.append(high << 4 | low)
            } else {
                result.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return result
    }
}
