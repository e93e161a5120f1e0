/// Reads `[split]`.
struct SplitReader {
    private let reader: TableReader

    init(_ reader: TableReader) { self.reader = reader }

    func read() -> SplitSettings? {
        defer { reader.finish() }
        guard let hop = reader.string("next_hop", example: "127.0.0.1:10026") else {
            reader.problems.add(reader.path, "[split] names no next_hop; write next_hop = \"127.0.0.1:10026\"")
            return nil
        }
        var settings = SplitSettings(nextHop: hop.value)
        reader.seconds("eom_budget", in: 10...3600, &settings.budget)
        reader.integer("max_copies", in: 2...1000, &settings.maxCopies)
        reader.seconds("keep_connections", in: 0...60, &settings.keepConnections)
        return settings
    }
}
