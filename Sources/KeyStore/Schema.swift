/// One step of the schema. Steps are only ever appended; a released step never changes.
struct Migration: Sendable {
    /// The schema version after this step.
    let version: Int
    /// Statements per engine; SQLite only for now.
    let sqlite: [String]
}

/// The table definitions. STRICT, so that a value of another type never reaches the code that reads a column.
enum Schema {
    /// Marks our files (`PRAGMA application_id`), so that another program's database is never touched: "guar".
    static let applicationID: Int32 = 0x6775_6172

    static let migrations = [
        Migration(
            version: 1,
            sqlite: [
                """
                CREATE TABLE store_change (
                    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
                    counter INTEGER NOT NULL
                ) STRICT
                """,
                "INSERT INTO store_change (id, counter) VALUES (1, 0)",
                // One row 'current'; during a rotation one more, 'retiring'. The proof is a sealed constant: it opens
                // only under the right key.
                """
                CREATE TABLE master_key (
                    id TEXT PRIMARY KEY NOT NULL,
                    state TEXT NOT NULL CHECK (state IN ('current', 'retiring')),
                    proof BLOB NOT NULL,
                    created INTEGER NOT NULL
                ) STRICT
                """,
                """
                CREATE TABLE certificate (
                    fingerprint TEXT PRIMARY KEY NOT NULL,
                    provenance TEXT NOT NULL,
                    revision INTEGER NOT NULL,
                    created INTEGER NOT NULL,
                    updated INTEGER NOT NULL,
                    bytes BLOB NOT NULL
                ) STRICT
                """,
                """
                CREATE TABLE certificate_key (
                    certificate TEXT NOT NULL REFERENCES certificate (fingerprint) ON DELETE CASCADE,
                    fingerprint TEXT NOT NULL,
                    key_id TEXT NOT NULL,
                    PRIMARY KEY (certificate, fingerprint)
                ) STRICT
                """,
                "CREATE INDEX certificate_key_fingerprint ON certificate_key (fingerprint)",
                "CREATE INDEX certificate_key_key_id ON certificate_key (key_id)",
                // Trust is kept per user ID: the holder of a key can add any address to it.
                """
                CREATE TABLE certificate_user_id (
                    certificate TEXT NOT NULL REFERENCES certificate (fingerprint) ON DELETE CASCADE,
                    user_id BLOB NOT NULL,
                    provenance TEXT NOT NULL,
                    local_part TEXT,
                    local_folded TEXT,
                    domain TEXT,
                    PRIMARY KEY (certificate, user_id)
                ) STRICT
                """,
                "CREATE INDEX certificate_user_id_address ON certificate_user_id (domain, local_folded)",
                """
                CREATE TABLE gateway_secret (
                    fingerprint TEXT PRIMARY KEY NOT NULL REFERENCES certificate (fingerprint) ON DELETE RESTRICT,
                    account TEXT NOT NULL,
                    master TEXT NOT NULL REFERENCES master_key (id),
                    revision INTEGER NOT NULL,
                    created INTEGER NOT NULL,
                    sealed BLOB NOT NULL
                ) STRICT
                """,
                "CREATE INDEX gateway_secret_master ON gateway_secret (master)",
            ]),
        Migration(
            version: 2,
            sqlite: [
                // S/MIME. Issuer and serial number are the identity; not unique, so that nobody can block another's place
                // by a forged pair.
                """
                CREATE TABLE smime_certificate (
                    fingerprint TEXT PRIMARY KEY NOT NULL,
                    issuer BLOB NOT NULL,
                    serial BLOB NOT NULL,
                    subject_key_id BLOB,
                    provenance TEXT NOT NULL,
                    created INTEGER NOT NULL,
                    updated INTEGER NOT NULL,
                    capabilities BLOB,
                    bytes BLOB NOT NULL
                ) STRICT
                """,
                "CREATE INDEX smime_certificate_identity ON smime_certificate (serial, issuer)",
                "CREATE INDEX smime_certificate_key ON smime_certificate (subject_key_id)",
                """
                CREATE TABLE smime_address (
                    certificate TEXT NOT NULL REFERENCES smime_certificate (fingerprint) ON DELETE CASCADE,
                    domain TEXT NOT NULL,
                    local_part TEXT NOT NULL,
                    PRIMARY KEY (certificate, domain, local_part)
                ) STRICT
                """,
                "CREATE INDEX smime_address_address ON smime_address (domain, local_part)",
                """
                CREATE TABLE smime_secret (
                    fingerprint TEXT PRIMARY KEY NOT NULL REFERENCES smime_certificate (fingerprint) ON DELETE RESTRICT,
                    account TEXT NOT NULL,
                    master TEXT NOT NULL REFERENCES master_key (id),
                    created INTEGER NOT NULL,
                    sealed BLOB NOT NULL
                ) STRICT
                """,
                "CREATE INDEX smime_secret_master ON smime_secret (master)",
            ]),
    ]
}
