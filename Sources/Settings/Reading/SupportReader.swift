import Guard

/// Reads `[guard.support]`.
struct SupportReader {
    private let reader: TableReader

    init(_ reader: TableReader) { self.reader = reader }

    func read() -> SupportSettings {
        var settings = SupportSettings()
        var seconds = settings.exposureHours * 3600
        reader.seconds("exposure", in: 3600...(30 * 86_400), &seconds)
        settings.exposureHours = seconds / 3600
        if let url = reader.string("public_url", example: "https://guard.example.org"), !url.value.isEmpty {
            if url.value.hasPrefix("https://") || url.value.hasPrefix("http://"), !url.value.hasSuffix("/") {
                settings.publicURL = url.value
            } else {
                reader.problems.add(
                    url.path,
                    "public_url does not begin with https:// or ends with /; write public_url = \"https://guard.example.org\""
                )
            }
        }
        reader.finish()
        return settings
    }
}
