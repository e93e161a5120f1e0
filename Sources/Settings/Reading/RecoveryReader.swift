/// Reads `[guard.recovery]`.
struct RecoveryReader {
    private let reader: TableReader

    init(_ reader: TableReader) { self.reader = reader }

    func read(_ configuration: inout GuardConfiguration) {
        reader.boolean("offered", &configuration.settings.recovery.isOffered)
        reader.boolean("users_may_delete", &configuration.settings.recovery.usersMayDelete)
        configuration.recoveryCertificate = reader.file("offline_certificate", example: "/etc/guardd/recovery.asc")
        reader.finish()
    }
}
