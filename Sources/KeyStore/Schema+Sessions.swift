extension Schema {
    /// Sessions, tokens and passwords of accounts.
    static func sessionTables(_ d: Dialect) -> [String] {
        [
            // A session is named by the SHA-256 of its identifier; the identifier itself is nowhere.
            """
            CREATE TABLE control_session (
                id \(d.blob) PRIMARY KEY NOT NULL,
                account_id \(d.integer) NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                origin \(d.text) NOT NULL,
                created \(d.integer) NOT NULL,
                ends \(d.integer) NOT NULL,
                last_end \(d.integer) NOT NULL
            ) \(d.strict)
            """,
            "CREATE INDEX control_session_account ON control_session (account_id)",
            "CREATE INDEX control_session_ends ON control_session (ends)",
            // Sealed under the identifier of the session. `uses` is what is left; null for any number.
            """
            CREATE TABLE auth_token (
                id \(d.blob) PRIMARY KEY NOT NULL,
                session_id \(d.blob) NOT NULL REFERENCES control_session (id) ON DELETE CASCADE,
                account_id \(d.integer) NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                type \(d.text) NOT NULL,
                created \(d.integer) NOT NULL,
                ends \(d.integer) NOT NULL,
                uses \(d.integer),
                sealed \(d.blob) NOT NULL
            ) \(d.strict)
            """,
            "CREATE INDEX auth_token_session ON auth_token (session_id)",
            "CREATE INDEX auth_token_account ON auth_token (account_id, type)",
            "CREATE INDEX auth_token_ends ON auth_token (ends)",
            // `token` is the token itself, sealed under the identifier of the session; `sealed` is what opens the keys,
            // sealed under the master key for the mail flow, and null for tokens of a single use.
            """
            CREATE TABLE attached_token (
                session_id \(d.blob) NOT NULL REFERENCES control_session (id) ON DELETE CASCADE,
                type \(d.text) NOT NULL,
                account_id \(d.integer) NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                token_id \(d.blob) NOT NULL REFERENCES auth_token (id) ON DELETE CASCADE,
                minutes \(d.integer) NOT NULL,
                created \(d.integer) NOT NULL,
                ends \(d.integer) NOT NULL,
                token \(d.blob) NOT NULL,
                master \(d.text) REFERENCES master_key (id),
                sealed \(d.blob),
                PRIMARY KEY (session_id, type)
            ) \(d.strict)
            """,
            "CREATE INDEX attached_token_account ON attached_token (account_id, type)",
            "CREATE INDEX attached_token_token ON attached_token (token_id)",
            "CREATE INDEX attached_token_ends ON attached_token (ends)",
            "CREATE INDEX attached_token_master ON attached_token (master)",
            // Wrong passwords in a row, per whose password and which.
            """
            CREATE TABLE password_guess (
                subject \(d.text) NOT NULL,
                kind \(d.text) NOT NULL,
                failures \(d.integer) NOT NULL,
                locked_until \(d.integer) NOT NULL,
                next_lock \(d.integer) NOT NULL,
                updated \(d.integer) NOT NULL,
                PRIMARY KEY (subject, kind)
            ) \(d.strict)
            """,
            "CREATE INDEX password_guess_updated ON password_guess (updated)",
            // The RSA keys that clients encrypt passwords to. `is_current` is 1 or null, so that one is current at most.
            """
            CREATE TABLE password_key (
                id \(d.text) PRIMARY KEY NOT NULL,
                created \(d.integer) NOT NULL,
                is_current \(d.integer) UNIQUE,
                ends \(d.integer),
                public_key \(d.blob) NOT NULL,
                master \(d.text) NOT NULL REFERENCES master_key (id),
                sealed \(d.blob) NOT NULL
            ) \(d.strict)
            """,
            "CREATE INDEX password_key_master ON password_key (master)",
        ]
    }
}
