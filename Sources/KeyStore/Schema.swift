/// One step of the schema. Steps are only ever appended; a released step never changes.
struct Migration: Sendable {
    /// The schema version after this step.
    let version: Int
    let statements: @Sendable (Dialect) -> [String]

    init(version: Int, statements: @escaping @Sendable (Dialect) -> [String]) {
        self.version = version
        self.statements = statements
    }
}

/// The table definitions. STRICT, so that a value of another type never reaches the code that reads a column.
enum Schema {
    /// Marks our files (`PRAGMA application_id`), so that another program's database is never touched: "guar".
    static let applicationID: Int32 = 0x6775_6172

    static let migrations = [
        Migration(
            version: 1,
            statements: { d in
                [
                    """
                    CREATE TABLE store_change (
                        id \(d.integer) PRIMARY KEY NOT NULL CHECK (id = 1),
                        counter \(d.integer) NOT NULL
                    ) \(d.strict)
                    """,
                    "INSERT INTO store_change (id, counter) VALUES (1, 0)",
                    // One row 'current'; during a rotation one more, 'retiring'. The proof is a sealed constant: it opens
                    // only under the right key.
                    """
                    CREATE TABLE master_key (
                        id \(d.text) PRIMARY KEY NOT NULL,
                        state \(d.text) NOT NULL CHECK (state IN ('current', 'retiring')),
                        proof \(d.blob) NOT NULL,
                        created \(d.integer) NOT NULL
                    ) \(d.strict)
                    """,
                    """
                    CREATE TABLE certificate (
                        fingerprint \(d.text) PRIMARY KEY NOT NULL,
                        provenance \(d.text) NOT NULL,
                        revision \(d.integer) NOT NULL,
                        created \(d.integer) NOT NULL,
                        updated \(d.integer) NOT NULL,
                        bytes \(d.blob) NOT NULL
                    ) \(d.strict)
                    """,
                    """
                    CREATE TABLE certificate_key (
                        certificate \(d.text) NOT NULL REFERENCES certificate (fingerprint) ON DELETE CASCADE,
                        fingerprint \(d.text) NOT NULL,
                        key_id \(d.text) NOT NULL,
                        PRIMARY KEY (certificate, fingerprint)
                    ) \(d.strict)
                    """,
                    "CREATE INDEX certificate_key_fingerprint ON certificate_key (fingerprint)",
                    "CREATE INDEX certificate_key_key_id ON certificate_key (key_id)",
                    // Trust is kept per user ID: the holder of a key can add any address to it.
                    """
                    CREATE TABLE certificate_user_id (
                        certificate \(d.text) NOT NULL REFERENCES certificate (fingerprint) ON DELETE CASCADE,
                        user_id \(d.blob) NOT NULL,
                        provenance \(d.text) NOT NULL,
                        local_part \(d.text),
                        local_folded \(d.text),
                        domain \(d.text),
                        PRIMARY KEY (certificate, user_id)
                    ) \(d.strict)
                    """,
                    "CREATE INDEX certificate_user_id_address ON certificate_user_id (domain, local_folded)",
                    """
                    CREATE TABLE gateway_secret (
                        fingerprint \(d.text) PRIMARY KEY NOT NULL REFERENCES certificate (fingerprint) ON DELETE RESTRICT,
                        account \(d.text) NOT NULL,
                        master \(d.text) NOT NULL REFERENCES master_key (id),
                        revision \(d.integer) NOT NULL,
                        created \(d.integer) NOT NULL,
                        sealed \(d.blob) NOT NULL
                    ) \(d.strict)
                    """,
                    "CREATE INDEX gateway_secret_master ON gateway_secret (master)",
                ]
            }),
        Migration(
            version: 2,
            statements: { d in
                [
                    // S/MIME. Issuer and serial number are the identity; not unique, so that nobody can block another's place
                    // by a forged pair.
                    """
                    CREATE TABLE smime_certificate (
                        fingerprint \(d.text) PRIMARY KEY NOT NULL,
                        issuer \(d.blob) NOT NULL,
                        serial \(d.blob) NOT NULL,
                        subject_key_id \(d.blob),
                        provenance \(d.text) NOT NULL,
                        created \(d.integer) NOT NULL,
                        updated \(d.integer) NOT NULL,
                        capabilities \(d.blob),
                        bytes \(d.blob) NOT NULL
                    ) \(d.strict)
                    """,
                    "CREATE INDEX smime_certificate_identity ON smime_certificate (serial, issuer)",
                    "CREATE INDEX smime_certificate_key ON smime_certificate (subject_key_id)",
                    """
                    CREATE TABLE smime_address (
                        certificate \(d.text) NOT NULL REFERENCES smime_certificate (fingerprint) ON DELETE CASCADE,
                        domain \(d.text) NOT NULL,
                        local_part \(d.text) NOT NULL,
                        PRIMARY KEY (certificate, domain, local_part)
                    ) \(d.strict)
                    """,
                    "CREATE INDEX smime_address_address ON smime_address (domain, local_part)",
                    """
                    CREATE TABLE smime_secret (
                        fingerprint \(d.text) PRIMARY KEY NOT NULL REFERENCES smime_certificate (fingerprint) ON DELETE RESTRICT,
                        account \(d.text) NOT NULL,
                        master \(d.text) NOT NULL REFERENCES master_key (id),
                        created \(d.integer) NOT NULL,
                        sealed \(d.blob) NOT NULL
                    ) \(d.strict)
                    """,
                    "CREATE INDEX smime_secret_master ON smime_secret (master)",
                ]
            }),
        Migration(version: 3) { d in
            [
                mailboxTables,
                sessionTables,
                ringTables,
                certificateTables,
                auditTables,
                guestTables,
                journalTables,
            ].flatMap { $0(d) }
        },
        Migration(version: 4, statements: keyIDColumns),
    ]

    /// A table, in an order in which each refers to earlier ones only.
    struct Table: Equatable {
        let name: String
        /// Whether its rows have numbers that are never used again.
        let hasIdentity: Bool
    }

    /// All tables, as the migrations make them; one that is made anew later keeps its place.
    static let tables = migrations.flatMap { $0.statements(.sqlite) }.reduce(into: [Table]()) { tables, statement in
        let words = statement.split(maxSplits: 3, whereSeparator: \.isWhitespace)
        guard words.count > 2, words[0] == "CREATE", words[1] == "TABLE",
            !tables.contains(where: { $0.name == words[2] })
        else { return }
        tables.append(
            Table(name: String(words[2]), hasIdentity: statement.contains(Dialect.sqlite.identity)))
    }
}
