/// One service of `master.cf`.
struct MasterService {
    let name: String
    /// `inet`, `unix`, `fifo` or `pass`.
    let type: String
    let isChrooted: Bool
    /// The program: `smtpd`, `cleanup`.
    let command: String
    let options: PostfixParameters
    let place: PostfixParameters.Place

    /// Reads `master.cf`. A service that is written twice counts as last written.
    static func parse(_ text: String, file: String) -> [MasterService] {
        var services: [MasterService] = []
        for line in LogicalLine.split(text) {
            let words = line.text.wordsOutsideBraces(separators: [" ", "\t"])
            guard words.count >= 8 else { continue }
            let place = PostfixParameters.Place(file: file, line: line.number)
            let service = MasterService(
                name: words[0], type: words[1],
                // Since Postfix 3.0 a dash means "no".
                isChrooted: words[4] == "y", command: words[7], options: options(words[8...], place), place: place)
            services.removeAll { $0.name == service.name && $0.type == service.type }
            services.append(service)
        }
        return services
    }

    /// `-o name=value`, `-oname=value` and `-o { name = value }`.
    private static func options(_ words: ArraySlice<String>, _ place: PostfixParameters.Place) -> PostfixParameters {
        var options = PostfixParameters()
        var isNext = false
        for word in words {
            if isNext {
                isNext = false
                let text = word.insideBraces ?? word
                if let (name, value) = text.assignment { options.set(name, value, place) }
            } else if word == "-o" {
                isNext = true
            } else if word.hasPrefix("-o"), let (name, value) = word.dropFirst(2).assignment {
                options.set(name, value, place)
            }
        }
        return options
    }

    /// As in `master.cf`: `submission/inet`.
    var title: String { "\(name)/\(type)" }

    /// Whether only this machine reaches it.
    var isLocalOnly: Bool {
        guard type == "inet" else { return true }
        return ["127.", "localhost:", "[127.", "[::1]:", "::1:"].contains { name.hasPrefix($0) }
    }
}
