extension Schema {
    /// Who changed what, in the order of the changes.
    static func auditTables(_ d: Dialect) -> [String] {
        [
            """
            CREATE TABLE audit (
                id \(d.identity),
                time \(d.integer) NOT NULL,
                actor \(d.text) NOT NULL,
                action \(d.text) NOT NULL,
                target \(d.text) NOT NULL,
                result \(d.text) NOT NULL
            ) \(d.strict)
            """,
            "CREATE INDEX audit_actor ON audit (actor, id)",
            "CREATE INDEX audit_target ON audit (target, id)",
            "CREATE INDEX audit_time ON audit (time)",
        ]
    }
}

extension Query {
    static let insertAudit =
        "INSERT INTO audit (time, actor, action, target, result) VALUES (:time, :actor, :action, :target, :result)"
    private static let auditColumns = "SELECT id, time, actor, action, target, result FROM audit"
    static let auditPage = auditColumns + " WHERE id < :before ORDER BY id DESC LIMIT :limit"
    static let auditByActor = auditColumns + " WHERE actor = :name AND id < :before ORDER BY id DESC LIMIT :limit"
    static let auditByTarget = auditColumns + " WHERE target = :name AND id < :before ORDER BY id DESC LIMIT :limit"
    static let pruneAudit = "DELETE FROM audit WHERE time < :before"
}
