extension Schema {
    /// Key IDs as their eight octets; they were hexadecimal digits before.
    static func keyIDColumns(_ d: Dialect) -> [String] {
        if d == .postgres {
            return ["certificate_key", "external_key"].map { table in
                """
                ALTER TABLE \(table)
                ALTER COLUMN key_id TYPE BYTEA USING \(d.keyIDOctets("key_id")), ADD CHECK (length(key_id) = 8)
                """
            }
        }
        // SQLite changes no types: the tables are made anew. The old ones step aside and not the new ones in, so that the
        // definitions stay as they are written here; nothing refers to these tables. Rows come in the order of the
        // primary key, whose index then grows at its end only.
        return [
            "ALTER TABLE certificate_key RENAME TO certificate_key_text",
            """
            CREATE TABLE certificate_key (
                certificate \(d.text) NOT NULL REFERENCES certificate (fingerprint) ON DELETE CASCADE,
                fingerprint \(d.text) NOT NULL,
                key_id \(d.blob) NOT NULL CHECK (length(key_id) = 8),
                PRIMARY KEY (certificate, fingerprint)
            ) \(d.strict)
            """,
            """
            INSERT INTO certificate_key (certificate, fingerprint, key_id)
            SELECT certificate, fingerprint, \(d.keyIDOctets("key_id")) FROM certificate_key_text
            ORDER BY certificate, fingerprint
            """,
            "DROP TABLE certificate_key_text",
            "CREATE INDEX certificate_key_fingerprint ON certificate_key (fingerprint)",
            "CREATE INDEX certificate_key_key_id ON certificate_key (key_id)",
            "ALTER TABLE external_key RENAME TO external_key_text",
            """
            CREATE TABLE external_key (
                ring_id \(d.integer) NOT NULL REFERENCES external_ring (id) ON DELETE CASCADE,
                key_id \(d.blob) NOT NULL CHECK (length(key_id) = 8),
                PRIMARY KEY (ring_id, key_id)
            ) \(d.strict)
            """,
            """
            INSERT INTO external_key (ring_id, key_id)
            SELECT ring_id, \(d.keyIDOctets("key_id")) FROM external_key_text ORDER BY ring_id, key_id
            """,
            "DROP TABLE external_key_text",
            "CREATE INDEX external_key_key_id ON external_key (key_id)",
        ]
    }
}
