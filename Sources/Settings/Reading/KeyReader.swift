import Guard
import OpenPGP

/// Reads `[guard.keys]`.
struct KeyReader {
    private let reader: TableReader

    init(_ reader: TableReader) { self.reader = reader }

    private static let sources: [(String, KeySource)] = [
        ("local", .local), ("guest", .guest), ("uploaded", .uploaded), ("shared", .shared), ("autocrypt", .autocrypt),
        ("autocrypt_verified", .autocryptVerified), ("administrator", .administrator), ("dane", .dane), ("wkd", .wkd),
        ("hkp", .keyServer),
    ]

    func read(_ configuration: inout GuardConfiguration) {
        var keys = configuration.settings.keys
        if let profile = reader.choice("profile", KeyProfile.self) { keys.profile = profile }
        reader.integer("valid_days", in: 0...36_500, &keys.validDays)
        reader.boolean("users_may_delete_private", &keys.allowsPrivateDeletion)
        reader.size("max_upload", in: (4 << 10)...(4 << 20), &keys.maximumUpload)
        reader.integer("max_rings_per_upload", in: 1...1000, &keys.maximumRings)
        reader.integer("max_external", in: 1...1_000_000, &keys.maximumExternal)
        reader.integer("trust_threshold", in: 0...5, &keys.trustThreshold)
        if let table = reader.table("trust") {
            for (name, source) in Self.sources {
                var level = keys.level(source)
                table.integer(name, in: 0...5, &level)
                keys.trust[source] = level == KeySettings().level(source) ? nil : level
            }
            table.finish()
        }
        reader.finish()
        configuration.settings.keys = keys
    }
}
