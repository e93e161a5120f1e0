import MIME

/// The text of a mail with places for values: `{{name}}`.
///
/// As a file: a line `Subject: ...`, an empty line, the text. Every name is one of ``names``; `{{password}}` stands for a
/// secret.
struct MailTemplate: Sendable, Equatable {
    /// What templates may ask for.
    static let names: Set<String> = ["product", "address", "sender", "link", "password", "hours", "pin"]
    static let secretName = "password"
    private static let limit = 64 << 10

    /// A piece of text, or the name of a value.
    enum Piece: Sendable, Equatable {
        case text(String)
        case value(String)
    }

    let subject: [Piece]
    let text: [Piece]
    /// nil makes it from the text.
    var html: [Piece]?

    /// Reads a file.
    /// - Throws: `TemplateDefect`.
    init(_ file: String) throws(TemplateDefect) {
        guard file.utf8.count <= Self.limit else { throw TemplateDefect("has more than \(Self.limit) octets") }
        let lines = file.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.hasSuffix("\r") ? $0.dropLast() : $0
        }
        guard let first = lines.first, first.hasPrefix("Subject:"), lines.dropFirst().first?.isEmpty ?? false else {
            throw TemplateDefect("does not begin with a line \"Subject: ...\" and an empty line")
        }
        subject = try Self.pieces(first.dropFirst("Subject:".count).drop { $0 == " " })
        guard !subject.contains(.value(Self.secretName)) else {
            throw TemplateDefect("shows the password in the subject")
        }
        text = try Self.pieces(lines.dropFirst(2).joined(separator: "\n")[...])
    }

    /// The pieces of a text.
    static func pieces(_ text: Substring) throws(TemplateDefect) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text
        while let open = rest.firstRange(of: "{{") {
            if open.lowerBound > rest.startIndex { pieces.append(.text(String(rest[..<open.lowerBound]))) }
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: "}}") else { throw TemplateDefect("has {{ without }}") }
            let name = rest[..<close.lowerBound].filter { $0 != " " }
            guard names.contains(name) else {
                throw TemplateDefect("asks for {{\(name)}}; there are \(names.sorted().joined(separator: ", "))")
            }
            pieces.append(.value(name))
            rest = rest[close.upperBound...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        return pieces
    }

    /// The HTML form: paragraphs where the text has empty lines, links that can be followed.
    var hypertext: [Piece] {
        if let html { return html }
        var pieces: [Piece] = [.text("<!DOCTYPE html>\n<html><body>\n<p>")]
        for piece in text {
            switch piece {
            case .text(let text):
                pieces.append(
                    .text(
                        Self.escape(text).replacing("\n\n", with: "</p>\n<p>").replacing("\n", with: "<br>\n")
                            .replacing("</p><br>", with: "</p>")))
            case .value("link"): pieces += [.text("<a href=\""), piece, .text("\">"), piece, .text("</a>")]
            case .value(Self.secretName): pieces += [.text("<code>"), piece, .text("</code>")]
            case .value: pieces.append(piece)
            }
        }
        return pieces + [.text("</p>\n</body></html>\n")]
    }

    static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}

/// What is wrong with a template.
struct TemplateDefect: Error, Equatable {
    let message: String
    init(_ message: String) { self.message = message }
}
