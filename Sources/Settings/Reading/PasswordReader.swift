/// Reads `[guard.passwords]`.
struct PasswordReader {
    private let reader: TableReader

    init(_ reader: TableReader) { self.reader = reader }

    func read(_ configuration: inout GuardConfiguration) {
        var passwords = configuration.settings.passwords
        reader.integer("min_length", in: 1...128, &passwords.minimumLength)
        reader.integer("generated_length", in: 8...128, &passwords.generatedLength)
        reader.integer("failures", in: 1...1000, &passwords.failuresBeforeLock)
        reader.seconds("lock", in: 1...86_400, &passwords.lockSeconds)
        reader.seconds("longest_lock", in: 1...(30 * 86_400), &passwords.longestLockSeconds)
        reader.boolean("accept_pkcs1", &passwords.acceptsPKCS1)
        var (passes, lanes, memory) = (
            Int(passwords.argon2.passes), Int(passwords.argon2.lanes), Int(passwords.argon2.memoryKiB) << 10
        )
        reader.integer("argon2_passes", in: 1...255, &passes)
        reader.integer("argon2_lanes", in: 1...64, &lanes)
        reader.size("argon2_memory", in: (1 << 20)...(2 << 30), &memory)
        passwords.argon2.passes = UInt32(clamping: passes)
        passwords.argon2.lanes = UInt32(clamping: lanes)
        passwords.argon2.memoryKiB = UInt32(clamping: memory >> 10)
        reader.finish()
        configuration.settings.passwords = passwords
    }
}
