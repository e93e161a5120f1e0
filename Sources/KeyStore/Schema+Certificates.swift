/// Users' S/MIME certificates.
extension Schema {
    static func certificateTables(_ d: Dialect) -> [String] {
        [
            // The certificate itself is known to everybody like one that came by mail: what binds it to the account's
            // address is this row alone, so that nobody vouches for the other addresses in a certificate of theirs.
            """
            CREATE TABLE smime_key (
                id \(d.identity),
                account_id \(d.integer) NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                fingerprint \(d.text) NOT NULL REFERENCES smime_certificate (fingerprint) ON DELETE RESTRICT,
                issuers \(d.blob) NOT NULL,
                is_current \(d.integer) NOT NULL CHECK (is_current IN (0, 1)),
                locked \(d.blob) NOT NULL,
                recovery \(d.blob),
                recovery_master \(d.text) REFERENCES master_key (id),
                password_modified \(d.integer) NOT NULL,
                created \(d.integer) NOT NULL,
                UNIQUE (account_id, fingerprint)
            ) \(d.strict)
            """,
            "CREATE UNIQUE INDEX smime_key_current ON smime_key (account_id) WHERE is_current = 1",
            "CREATE INDEX smime_key_fingerprint ON smime_key (fingerprint)",
            "CREATE INDEX smime_key_recovery_master ON smime_key (recovery_master)",
            // Certificates that a user uploaded for correspondents: private to the user, and so not in smime_certificate.
            """
            CREATE TABLE recipient_certificate (
                id \(d.identity),
                account_id \(d.integer) NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                fingerprint \(d.text) NOT NULL,
                bytes \(d.blob) NOT NULL,
                issuers \(d.blob) NOT NULL,
                created \(d.integer) NOT NULL,
                UNIQUE (account_id, fingerprint)
            ) \(d.strict)
            """,
            """
            CREATE TABLE recipient_certificate_address (
                recipient_id \(d.integer) NOT NULL REFERENCES recipient_certificate (id) ON DELETE CASCADE,
                account_id \(d.integer) NOT NULL,
                domain \(d.text) NOT NULL,
                local_part \(d.text) NOT NULL,
                PRIMARY KEY (recipient_id, domain, local_part)
            ) \(d.strict)
            """,
            """
            CREATE INDEX recipient_certificate_address_address
            ON recipient_certificate_address (account_id, domain, local_part)
            """,
        ]
    }
}
