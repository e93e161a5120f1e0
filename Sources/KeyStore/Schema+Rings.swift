extension Schema {
    /// OpenPGP rings of our own users, and those that users keep of others.
    static func ringTables(_ d: Dialect) -> [String] {
        [
            // The public half is in `certificate`, where the mail flow finds it. `locked` is a transferable secret key whose
            // parts are locked under the owner's password; null for a ring without private parts.
            """
            CREATE TABLE key_ring (
                id \(d.identity),
                account_id \(d.integer) NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                fingerprint \(d.text) NOT NULL REFERENCES certificate (fingerprint) ON DELETE RESTRICT,
                is_current \(d.integer) NOT NULL CHECK (is_current IN (0, 1)),
                locked \(d.blob),
                recovery \(d.blob),
                recovery_master \(d.text) REFERENCES master_key (id),
                password_modified \(d.integer) NOT NULL,
                created \(d.integer) NOT NULL,
                UNIQUE (account_id, fingerprint)
            ) \(d.strict)
            """,
            "CREATE UNIQUE INDEX key_ring_current ON key_ring (account_id) WHERE is_current = 1",
            "CREATE INDEX key_ring_fingerprint ON key_ring (fingerprint)",
            "CREATE INDEX key_ring_recovery_master ON key_ring (recovery_master)",
            // What a web key directory is asked for: z-base-32 of SHA-1 of the local part in lower case.
            """
            CREATE TABLE directory_entry (
                account_id \(d.integer) PRIMARY KEY NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                domain \(d.text) NOT NULL,
                hash \(d.text) NOT NULL
            ) \(d.strict)
            """,
            "CREATE INDEX directory_entry_hash ON directory_entry (hash, domain)",
            // Deleted rings, kept for the day on which somebody needs them: still locked, and handed out only while exposed.
            """
            CREATE TABLE deleted_ring (
                id \(d.identity),
                account_id \(d.integer) NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                fingerprint \(d.text) NOT NULL,
                bytes \(d.blob) NOT NULL,
                locked \(d.blob),
                deleted \(d.integer) NOT NULL,
                exposed_until \(d.integer),
                exposure \(d.blob)
            ) \(d.strict)
            """,
            "CREATE INDEX deleted_ring_account ON deleted_ring (account_id)",
            "CREATE INDEX deleted_ring_exposure ON deleted_ring (exposure)",
            // Rings of others, as one user keeps them: they count for that user alone, or for the domain where shared.
            """
            CREATE TABLE external_ring (
                id \(d.identity),
                account_id \(d.integer) NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                domain_id \(d.integer) NOT NULL REFERENCES mail_domain (id),
                fingerprint \(d.text) NOT NULL,
                source \(d.text) NOT NULL CHECK (source IN ('uploaded', 'autocrypt')),
                shared \(d.integer) NOT NULL,
                inline \(d.integer) NOT NULL,
                verified \(d.integer) NOT NULL,
                seen \(d.integer) NOT NULL,
                created \(d.integer) NOT NULL,
                bytes \(d.blob) NOT NULL,
                UNIQUE (account_id, fingerprint, source)
            ) \(d.strict)
            """,
            """
            CREATE INDEX external_ring_shared ON external_ring (domain_id, fingerprint)
            WHERE source = 'uploaded' AND shared = 1
            """,
            """
            CREATE TABLE external_address (
                ring_id \(d.integer) NOT NULL REFERENCES external_ring (id) ON DELETE CASCADE,
                domain \(d.text) NOT NULL,
                local_folded \(d.text) NOT NULL,
                PRIMARY KEY (ring_id, domain, local_folded)
            ) \(d.strict)
            """,
            "CREATE INDEX external_address_address ON external_address (domain, local_folded)",
            """
            CREATE TABLE external_key (
                ring_id \(d.integer) NOT NULL REFERENCES external_ring (id) ON DELETE CASCADE,
                key_id \(d.text) NOT NULL,
                PRIMARY KEY (ring_id, key_id)
            ) \(d.strict)
            """,
            "CREATE INDEX external_key_key_id ON external_key (key_id)",
        ]
    }
}
