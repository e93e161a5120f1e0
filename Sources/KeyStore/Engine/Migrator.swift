/// Brings a store up to the schema this program knows: forward only, all in one transaction, after a copy.
struct Migrator {
    let migrations: [Migration]

    private var target: Int { migrations.last?.version ?? 0 }

    func run(on engine: any StoreEngine, now: Int64) throws {
        let found = try engine.schemaVersion()
        try refuseNewer(found, engine)
        guard found < target else { return }
        if found > 0 { try engine.backUp(schema: found, now: now) }
        try engine.writeForLong { connection in
            // Another process may have been faster since the copy.
            let found = try engine.schemaVersion(connection)
            try refuseNewer(found, engine)
            for migration in migrations where migration.version > found {
                for statement in migration.statements(engine.dialect) { try connection.execute(statement) }
            }
            try engine.setSchemaVersion(target, connection)
        }
    }

    private func refuseNewer(_ found: Int, _ engine: any StoreEngine) throws {
        guard found > target else { return }
        throw KeyStoreError(
            .newerSchema,
            "store \(engine.name): written by a newer guardd (schema \(found), this program knows up to \(target)); "
                + "install that version again, or restore the backup made before the upgrade")
    }
}
