import Foundation
import GRDB

/// Rows as the API writes them, by SQL: accounts with a ring each, whose certificates nobody will ask for.
enum StoreFill {
    static func run(_ path: String, accounts: Int) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let numbers = "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < \(accounts))"
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = OFF")
            try database.inTransaction {
                try database.execute(
                    sql: """
                        INSERT INTO mail_domain (name, created) VALUES ('many.test', 0);
                        \(numbers) INSERT INTO account (domain_id, local_part, local_folded, version, is_guest, language,
                            display_name, encrypts, signs, inline, created)
                        SELECT (SELECT MAX(id) FROM mail_domain), 'user' || n, 'user' || n, 0, 0, '', '', 0, 0, 0, 0 FROM s;
                        INSERT INTO certificate (fingerprint, provenance, revision, created, updated, bytes)
                        SELECT printf('%040X', id * 2654435761), 'own', 1, 0, 0, zeroblob(600) FROM account;
                        INSERT INTO certificate_key (certificate, fingerprint, key_id)
                        SELECT fingerprint, fingerprint, CAST(substr(fingerprint, 33) AS BLOB) FROM certificate;
                        INSERT INTO certificate_user_id
                            (certificate, user_id, provenance, local_part, local_folded, domain)
                        SELECT printf('%040X', id * 2654435761), CAST(local_part || '@many.test' AS BLOB), 'own', local_part,
                            local_part, 'many.test' FROM account;
                        INSERT INTO key_ring (account_id, fingerprint, is_current, locked, password_modified, created)
                        SELECT id, printf('%040X', id * 2654435761), 1, zeroblob(400), 0, 0 FROM account;
                        INSERT INTO directory_entry (account_id, domain, hash)
                        SELECT id, 'many.test', printf('%032X', id * 2654435761) FROM account;
                        """)
                return .commit
            }
        }
        try queue.close()
    }
}
