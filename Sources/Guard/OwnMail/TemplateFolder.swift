import Foundation

/// The templates of an administrator: `<kind>.<language>.txt` and, beside it if wanted, `<kind>.<language>.html`, as
/// `reset.de.txt`. A number in front, `7-reset.de.txt`, is for clients that name that number. Read anew for every mail.
struct TemplateFolder: Sendable {
    let path: String?
    let log: @Sendable (String) -> Void

    /// The best template there is: with the number before without, in the language before in English. A file that cannot
    /// be used is named in the log and passed over.
    ///
    /// - Parameter language: as `de_DE`.
    func template(_ kind: MailKind, language: String, number: Int?) -> MailTemplate? {
        let code = language.prefix { $0 != "_" && $0 != "-" }.lowercased()
        let languages = ["de", "en"].contains(code) ? [code] : ["en"]
        for prefix in number.map({ ["\($0)-", ""] }) ?? [""] {
            for language in code.isEmpty || !code.utf8.allSatisfy({ 0x61...0x7A ~= $0 }) ? languages : [code] {
                if let found = file("\(prefix)\(kind.rawValue).\(language)") { return found }
            }
        }
        do throws(TemplateDefect) {
            return try MailTemplate(BuiltInTemplates.text(kind, isGerman: languages == ["de"]))
        } catch {
            log("built-in template \(kind.rawValue): \(error.message)")
            return nil
        }
    }

    private func file(_ name: String) -> MailTemplate? {
        guard let path, let text = read("\(path)/\(name).txt") else { return nil }
        do throws(TemplateDefect) {
            var template = try MailTemplate(text)
            if let html = read("\(path)/\(name).html") { template.html = try MailTemplate.pieces(html[...]) }
            return template
        } catch {
            log("template \(path)/\(name): \(error.message); the built-in one is used")
            return nil
        }
    }

    private func read(_ file: String) -> String? {
        guard let data = FileManager.default.contents(atPath: file) else { return nil }
        guard let text = String(validating: data, as: UTF8.self) else {
            log("template \(file): is not UTF-8")
            return nil
        }
        return text
    }
}
