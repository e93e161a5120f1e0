import Guard

/// Reads `[guard.guests]`.
struct GuestReader {
    private let reader: TableReader

    init(_ reader: TableReader) { self.reader = reader }

    func read() -> GuestSettings {
        var settings = GuestSettings()
        reader.boolean("allowed", &settings.areAllowed)
        settings.firstPage = page("first_page", "https://guard.example.org/first?email={email}&item={item}", ["{item}"])
        settings.resetPage = page(
            "reset_page", "https://guard.example.org/reset?email={email}&resetid={resetid}", ["{resetid}"])
        reader.boolean("pin", &settings.usesPINs)
        var seconds = settings.linkHours * 3600
        reader.seconds("link_lifetime", in: 3600...(90 * 86_400), &seconds)
        settings.linkHours = seconds / 3600
        seconds = settings.messageDays * 86_400
        reader.seconds("message_lifetime", in: 86_400...(365 * 86_400), &seconds)
        settings.messageDays = seconds / 86_400
        reader.integer("max_messages", in: 1...10_000, &settings.maximumMessages)
        reader.size("max_size", in: (1 << 20)...(1 << 40), &settings.maximumOctets)
        if settings.areAllowed, settings.firstPage == nil {
            reader.problems.add(
                reader.place("allowed"), "allowed = true needs the page where guests choose a password; add first_page")
        }
        reader.finish()
        return settings
    }

    private func page(_ key: String, _ example: String, _ places: [String]) -> String? {
        guard let page = reader.string(key, example: example), !page.value.isEmpty else { return nil }
        guard page.value.hasPrefix("https://") || page.value.hasPrefix("http://"),
            places.allSatisfy({ page.value.contains($0) })
        else {
            reader.problems.add(
                page.path, "\(key) is no address with \(places.joined()) in it; write \(key) = \"\(example)\"")
            return nil
        }
        return page.value
    }
}
