import Foundation
import TestSupport

/// Everything that matters of a store, read from a copy of its files by another program than guardd.
struct StoreSnapshot {
    private(set) var accounts: [String: StoredAccount] = [:]
    /// Lines of the audit log about changes that were made, by "actor action".
    private(set) var audited: [String: Int] = [:]
    /// What must never be.
    private(set) var problems: [String] = []

    /// Copies the files as a crash left them: whoever opens the originals next has to recover them too.
    init(of store: String) throws {
        let folder = try TemporaryDirectory("snapshot")
        let copy = folder.file("store")
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: store + suffix) {
            try FileManager.default.copyItem(atPath: store + suffix, toPath: copy + suffix)
        }
        func lines(_ sql: String) throws -> [String] {
            String(decoding: try Shell.check("sqlite3", [copy, sql]), as: UTF8.self).split(separator: "\n").map(
                String.init)
        }
        let integrity = try lines("PRAGMA integrity_check")
        if integrity != ["ok"] { problems += integrity }
        problems += try lines("PRAGMA foreign_key_check").map { "refers to nothing: \($0)" }
        for (what, query) in Self.rules { problems += try lines(query).map { "\(what): \($0)" } }
        for line in try lines(Self.audit) {
            let cut = line.split(separator: "|")
            if cut.count == 2 { audited[String(cut[0])] = Int(cut[1]) }
        }
        for line in try lines(Self.accounts) { try add(line) }
    }

    private mutating func add(_ line: String) throws {
        guard let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
            let address = row["address"] as? String
        else { throw TestFailure("no account: \(line)") }
        var account = StoredAccount()
        account.version = row["version"] as? Int ?? -1
        account.secondary = row["secondary"] as? String
        func rows(_ name: String) -> [[String: Any]] { row[name] as? [[String: Any]] ?? [] }
        func number(_ value: Any?) -> Int { value as? Int ?? -1 }
        account.rings = rows("rings").sorted { number($0["id"]) < number($1["id"]) }.map {
            StoredAccount.Ring(
                fingerprint: $0["fingerprint"] as? String ?? "", isCurrent: number($0["current"]) == 1,
                addresses: ($0["addresses"] as? [String] ?? []).sorted())
        }
        account.deleted = rows("deleted").sorted { number($0["id"]) < number($1["id"]) }.map {
            $0["fingerprint"] as? String ?? ""
        }
        for ring in rows("externals") {
            account.externals[ring["fingerprint"] as? String ?? ""] = StoredAccount.External(
                isShared: number(ring["shared"]) == 1, isInline: number(ring["inline"]) == 1)
        }
        account.sessions = Set(row["sessions"] as? [String] ?? [])
        account.tokens = number(row["tokens"])
        account.attached = number(row["attached"])
        accounts[address] = account
    }

    private static let accounts = """
        SELECT json_object('address', a.local_part || '@' || d.name, 'version', a.version, 'secondary', a.secondary,
            'rings', (SELECT json_group_array(json_object('id', r.id, 'fingerprint', r.fingerprint,
                'current', r.is_current, 'addresses', (SELECT json_group_array(u.local_part || '@' || u.domain)
                    FROM certificate_user_id AS u WHERE u.certificate = r.fingerprint)))
                FROM key_ring AS r WHERE r.account_id = a.id),
            'deleted', (SELECT json_group_array(json_object('id', r.id, 'fingerprint', r.fingerprint))
                FROM deleted_ring AS r WHERE r.account_id = a.id),
            'externals', (SELECT json_group_array(json_object('fingerprint', e.fingerprint, 'shared', e.shared,
                'inline', e.inline)) FROM external_ring AS e WHERE e.account_id = a.id),
            'sessions', (SELECT json_group_array(lower(hex(s.id))) FROM control_session AS s WHERE s.account_id = a.id),
            'tokens', (SELECT COUNT(*) FROM auth_token AS t WHERE t.account_id = a.id),
            'attached', (SELECT COUNT(*) FROM attached_token AS t WHERE t.account_id = a.id))
        FROM account AS a JOIN mail_domain AS d ON d.id = a.domain_id
        """

    private static let audit =
        "SELECT actor || ' ' || action, COUNT(*) FROM audit WHERE result = 'ok' GROUP BY actor, action"

    /// Queries that find what only half a change leaves behind.
    private static let rules = [
        (
            "not one current ring",
            "SELECT account_id FROM key_ring GROUP BY account_id HAVING SUM(is_current) <> 1"
        ),
        ("a ring without its private half", "SELECT fingerprint FROM key_ring WHERE locked IS NULL"),
        (
            "a ring without recovery material",
            "SELECT fingerprint FROM key_ring WHERE recovery IS NULL OR recovery_master IS NULL"
        ),
        (
            "a certificate that nobody has",
            """
            SELECT fingerprint FROM certificate
            WHERE fingerprint NOT IN (SELECT fingerprint FROM key_ring)
                AND fingerprint NOT IN (SELECT fingerprint FROM gateway_secret)
            """
        ),
        (
            "a certificate without keys or user IDs",
            """
            SELECT fingerprint FROM certificate WHERE fingerprint NOT IN (SELECT certificate FROM certificate_key)
                OR fingerprint NOT IN (SELECT certificate FROM certificate_user_id)
            """
        ),
        (
            "an owner who is not in the directory",
            "SELECT account_id FROM key_ring WHERE account_id NOT IN (SELECT account_id FROM directory_entry)"
        ),
        (
            "a ring of others without address or keys",
            """
            SELECT fingerprint FROM external_ring WHERE id NOT IN (SELECT ring_id FROM external_address)
                OR id NOT IN (SELECT ring_id FROM external_key)
            """
        ),
        ("not one master key", "SELECT COUNT(*) AS n FROM master_key HAVING n <> 1"),
        (
            "more than one current key for passwords",
            "SELECT COUNT(*) AS n FROM password_key WHERE is_current = 1 HAVING n > 1"
        ),
    ]
}
