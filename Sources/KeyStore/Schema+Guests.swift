extension Schema {
    /// Guests: recipients elsewhere who get a key here with their first password.
    static func guestTables(_ d: Dialect) -> [String] {
        [
            // The PIN is a salted SHA-256: four digits withstand nobody who has the store. What it stops is guessing
            // from outside, whose tries are counted.
            """
            CREATE TABLE guest (
                account_id \(d.integer) PRIMARY KEY NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                is_active \(d.integer) NOT NULL,
                pin_salt \(d.blob),
                pin \(d.blob),
                answer_salt \(d.blob),
                answer \(d.blob),
                created \(d.integer) NOT NULL
            ) \(d.strict)
            """,
            // Links are named by the SHA-256 of what their mail shows.
            """
            CREATE TABLE guest_link (
                id \(d.blob) PRIMARY KEY NOT NULL,
                account_id \(d.integer) NOT NULL REFERENCES guest (account_id) ON DELETE CASCADE,
                kind \(d.text) NOT NULL,
                created \(d.integer) NOT NULL,
                ends \(d.integer) NOT NULL
            ) \(d.strict)
            """,
            "CREATE INDEX guest_link_account ON guest_link (account_id, kind)",
            "CREATE INDEX guest_link_ends ON guest_link (ends)",
            // A message that waits for its reader's key, in parts, which are encrypted under a key of its own; that one is sealed.
            """
            CREATE TABLE guest_message (
                id \(d.identity),
                account_id \(d.integer) NOT NULL REFERENCES guest (account_id) ON DELETE CASCADE,
                name \(d.text) NOT NULL UNIQUE,
                is_complete \(d.integer) NOT NULL,
                parts \(d.integer) NOT NULL,
                size \(d.integer) NOT NULL,
                created \(d.integer) NOT NULL,
                ends \(d.integer) NOT NULL,
                master \(d.text) NOT NULL REFERENCES master_key (id),
                sealed \(d.blob) NOT NULL
            ) \(d.strict)
            """,
            "CREATE INDEX guest_message_account ON guest_message (account_id)",
            "CREATE INDEX guest_message_ends ON guest_message (ends)",
            "CREATE INDEX guest_message_master ON guest_message (master)",
            """
            CREATE TABLE guest_part (
                message_id \(d.integer) NOT NULL REFERENCES guest_message (id) ON DELETE CASCADE,
                number \(d.integer) NOT NULL,
                sealed \(d.blob) NOT NULL,
                PRIMARY KEY (message_id, number)
            ) \(d.strict)
            """,
        ]
    }
}
