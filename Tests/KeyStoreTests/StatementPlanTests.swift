import Foundation
import TestSupport
import Testing

@testable import KeyStore

/// How the engines find rows: no statement may walk through a table that grows with accounts, certificates or mail.
@Suite(.onEachEngine) struct StatementPlanTests {
    /// Every statement of the store by its name.
    private static let statements: KeyValuePairs<String, String> = [
        "CertificateQuery.keysOfAccount": CertificateQuery.keysOfAccount,
        "CertificateQuery.currentKeyOfAccount": CertificateQuery.currentKeyOfAccount,
        "CertificateQuery.currentByAddress": CertificateQuery.currentByAddress,
        "CertificateQuery.clearCurrent": CertificateQuery.clearCurrent,
        "CertificateQuery.setCurrent": CertificateQuery.setCurrent,
        "CertificateQuery.insertKey": CertificateQuery.insertKey,
        "CertificateQuery.replaceLocked": CertificateQuery.replaceLocked,
        "CertificateQuery.deleteKey": CertificateQuery.deleteKey,
        "CertificateQuery.deleteOrphan": CertificateQuery.deleteOrphan,
        "CertificateQuery.deleteRecovery": CertificateQuery.deleteRecovery,
        "CertificateQuery.insertRecipient": CertificateQuery.insertRecipient,
        "CertificateQuery.insertRecipientAddress": CertificateQuery.insertRecipientAddress,
        "CertificateQuery.countRecipients": CertificateQuery.countRecipients,
        "CertificateQuery.recipientsByAddress": CertificateQuery.recipientsByAddress,
        "Query.delivery": Query.delivery,
        "Query.anyDelivery": Query.anyDelivery,
        "Query.beginDelivery": Query.beginDelivery,
        "Query.stageDelivery": Query.stageDelivery,
        "Query.forgetDelivery": Query.forgetDelivery,
        "Query.doubtDelivery": Query.doubtDelivery,
        "Query.closeDelivery": Query.closeDelivery,
        "Query.expireDeliveries": Query.expireDeliveries,
        "Query.insertGuest": Query.insertGuest,
        "Query.guest": Query.guest,
        "Query.setGuestPIN": Query.setGuestPIN,
        "Query.setGuestAnswer": Query.setGuestAnswer,
        "Query.activateGuest": Query.activateGuest,
        "Query.deleteGuest": Query.deleteGuest,
        "Query.insertGuestLink": Query.insertGuestLink,
        "Query.guestLink": Query.guestLink,
        "Query.newestGuestLink": Query.newestGuestLink,
        "Query.useGuestLink": Query.useGuestLink,
        "Query.deleteGuestLinks": Query.deleteGuestLinks,
        "Query.expireGuestLinks": Query.expireGuestLinks,
        "Query.insertGuestMessage": Query.insertGuestMessage,
        "Query.insertGuestPart": Query.insertGuestPart,
        "Query.growGuestMessage": Query.growGuestMessage,
        "Query.completeGuestMessage": Query.completeGuestMessage,
        "Query.guestMessages": Query.guestMessages,
        "Query.guestUse": Query.guestUse,
        "Query.guestPart": Query.guestPart,
        "Query.deleteGuestMessage": Query.deleteGuestMessage,
        "Query.deleteGuestMessages": Query.deleteGuestMessages,
        "Query.expireGuestMessages": Query.expireGuestMessages,
        "Query.closeAccount": Query.closeAccount,
        "Query.openToUsers": Query.openToUsers,
        "Query.ringsOfAccount": Query.ringsOfAccount,
        "Query.ring": Query.ring,
        "Query.clearCurrentRing": Query.clearCurrentRing,
        "Query.setCurrentRing": Query.setCurrentRing,
        "Query.insertRing": Query.insertRing,
        "Query.replaceRingLock": Query.replaceRingLock,
        "Query.updateRingLocked": Query.updateRingLocked,
        "Query.clearRingRecovery": Query.clearRingRecovery,
        "Query.deleteRing": Query.deleteRing,
        "Query.newestRing": Query.newestRing,
        "Query.deleteOrphanCertificate": Query.deleteOrphanCertificate,
        "Query.currentRingByAddress": Query.currentRingByAddress,
        "Query.setDirectoryEntry": Query.setDirectoryEntry,
        "Query.directoryEntries": Query.directoryEntries,
        "Query.ownersOfKeyID": Query.ownersOfKeyID,
        "Query.insertDeletedRing": Query.insertDeletedRing,
        "Query.exposeDeletedRings": Query.exposeDeletedRings,
        "Query.exposedRings": Query.exposedRings,
        "Query.externalOwned": Query.externalOwned,
        "Query.externalShared": Query.externalShared,
        "Query.externalOne": Query.externalOne,
        "Query.externalByAddress": Query.externalByAddress,
        "Query.externalByKeyID": Query.externalByKeyID,
        "Query.insertExternal": Query.insertExternal,
        "Query.clearExternalAddresses": Query.clearExternalAddresses,
        "Query.insertExternalAddress": Query.insertExternalAddress,
        "Query.insertExternalKey": Query.insertExternalKey,
        "Query.setExternalFlags": Query.setExternalFlags,
        "Query.deleteExternal": Query.deleteExternal,
        "Query.insertDomain": Query.insertDomain,
        "Query.domain": Query.domain,
        "Query.insertAccount": Query.insertAccount,
        "Query.accountByID": Query.accountByID,
        "Query.accountByAddress": Query.accountByAddress,
        "Query.setSecondary": Query.setSecondary,
        "Query.insertSession": Query.insertSession,
        "Query.session": Query.session,
        "Query.touchSession": Query.touchSession,
        "Query.expireSession": Query.expireSession,
        "Query.deleteSession": Query.deleteSession,
        "Query.deleteSessions": Query.deleteSessions,
        "Query.insertToken": Query.insertToken,
        "Query.token": Query.token,
        "Query.useToken": Query.useToken,
        "Query.resealToken": Query.resealToken,
        "Query.deleteUsedToken": Query.deleteUsedToken,
        "Query.deleteTokens": Query.deleteTokens,
        "Query.attachToken": Query.attachToken,
        "Query.attachedToken": Query.attachedToken,
        "Query.attachedSecrets": Query.attachedSecrets,
        "Query.expireSessions": Query.expireSessions,
        "Query.expireTokens": Query.expireTokens,
        "Query.expireAttached": Query.expireAttached,
        "Query.expireGuesses": Query.expireGuesses,
        "Query.expirePasswordKeys": Query.expirePasswordKeys,
        "Query.countGuess": Query.countGuess,
        "Query.guessLock": Query.guessLock,
        "Query.forgetGuesses": Query.forgetGuesses,
        "Query.passwordKeys": Query.passwordKeys,
        "Query.retirePasswordKey": Query.retirePasswordKey,
        "Query.insertPasswordKey": Query.insertPasswordKey,
        "Query.counter": Query.counter,
        "Query.raiseCounter": Query.raiseCounter,
        "Query.masterKeys": Query.masterKeys,
        "Query.insertMaster": Query.insertMaster,
        "Query.retireMasters": Query.retireMasters,
        "Query.deleteRetired": Query.deleteRetired,
        "Query.byAddress": Query.byAddress,
        "Query.byKeyID": Query.byKeyID,
        "Query.byKeyFingerprint": Query.byKeyFingerprint,
        "Query.byFingerprint": Query.byFingerprint,
        "Query.certificate": Query.certificate,
        "Query.userIDs": Query.userIDs,
        "Query.secretsByAddress": Query.secretsByAddress,
        "Query.secretsByKeyID": Query.secretsByKeyID,
        "Query.secret": Query.secret,
        "Query.allSecretFingerprints": Query.allSecretFingerprints,
        "Query.page": Query.page,
        "Query.one": Query.one,
        "Query.touch": Query.touch,
        "Query.insertCertificate": Query.insertCertificate,
        "Query.deleteKeys": Query.deleteKeys,
        "Query.insertKey": Query.insertKey,
        "Query.insertUserID": Query.insertUserID,
        "Query.deleteCertificate": Query.deleteCertificate,
        "Query.insertSecret": Query.insertSecret,
        "Query.deleteSecret": Query.deleteSecret,
        "Query.counts": Query.counts,
        "Query.smimeByAddress": Query.smimeByAddress,
        "Query.smimeByIdentity": Query.smimeByIdentity,
        "Query.smimeByKeyIdentifier": Query.smimeByKeyIdentifier,
        "Query.smimePage": Query.smimePage,
        "Query.smimeOne": Query.smimeOne,
        "Query.insertSMIME": Query.insertSMIME,
        "Query.insertSMIMEAddress": Query.insertSMIMEAddress,
        "Query.insertSMIMESecret": Query.insertSMIMESecret,
        "Query.deleteSMIMESecret": Query.deleteSMIMESecret,
        "Query.deleteSMIME": Query.deleteSMIME,
        "Query.raiseAccountVersion": Query.raiseAccountVersion,
        "Query.insertAudit": Query.insertAudit,
        "Query.auditPage": Query.auditPage,
        "Query.auditByActor": Query.auditByActor,
        "Query.auditByTarget": Query.auditByTarget,
        "Query.pruneAudit": Query.pruneAudit,
    ]

    /// Whole tables on purpose: those that stay small (keys of the gateway, master keys, password keys), one that is looked
    /// into for any row, and the administrator's count.
    private static let scanning: Set<String> = [
        "Query.masterKeys", "Query.retireMasters", "Query.deleteRetired", "Query.passwordKeys",
        "Query.expirePasswordKeys", "Query.allSecretFingerprints", "Query.anyDelivery", "Query.counts",
    ]

    private let directory: TemporaryDirectory
    private let store: KeyStore

    init() throws {
        directory = try TemporaryDirectory("plans")
        store = try KeyStore(at: directory.file("guardd.db"), master: MasterKey.random())
    }

    @Test func everyStatementFindsItsRows() throws {
        try fill()
        for (name, sql) in Self.statements where !Self.scanning.contains(name) { try expectSearch(name, sql) }
        for column in SealedColumn.all {
            try expectSearch("SealedColumn.toReseal of \(column.table)", column.toReseal)
            try expectSearch("SealedColumn.reseal of \(column.table)", column.reseal)
        }
    }

    /// The list above is whole: what the sources name stands there.
    @Test func everyStatementIsListed() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
            path: "../../Sources/KeyStore")
        var found: Set<String> = []
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        where file.pathExtension == "swift" {
            var type: Substring?
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                if let match = line.firstMatch(of: /^(?:extension|enum) (Query|CertificateQuery) {/) { type = match.1 }
                if line.hasPrefix("}") { type = nil }
                if let type, let match = line.firstMatch(of: /^    static let (\w+)/) {
                    found.insert("\(type).\(match.1)")
                }
            }
        }
        #expect(found == Set(Self.statements.map(\.key)))
        #expect(Self.scanning.isSubset(of: found))
    }

    /// A deleted row is looked for in the tables that refer to it: each has an index that begins with this column.
    /// Domains are never deleted.
    @Test func everyReferenceHasAnIndex() throws {
        // The other engine's tables come from the same statements.
        guard store.database.dialect == .sqlite else { return }
        try store.database.read { connection in
            for table in Schema.tables {
                var indexes: [[String]] = [
                    try connection.rows("SELECT name FROM pragma_table_info('\(table.name)') WHERE pk > 0 ORDER BY pk")
                        .map { try $0.text("name") }
                ]
                for index in try connection.rows(
                    "SELECT name FROM pragma_index_list('\(table.name)') WHERE partial = 0")
                {
                    indexes.append(
                        try connection.rows(
                            "SELECT name FROM pragma_index_info(:index) ORDER BY seqno",
                            ["index": SQLValue(try index.text("name"))]
                        ).map { try $0.text("name") })
                }
                let references = try connection.rows(
                    "SELECT \"from\" AS name FROM pragma_foreign_key_list('\(table.name)') WHERE \"table\" <> 'mail_domain'"
                )
                for reference in references {
                    let column = try reference.text("name")
                    #expect(indexes.contains { $0.first == column }, "\(table.name).\(column)")
                }
            }
        }
    }

    // MARK: -

    private func expectSearch(_ name: String, _ sql: String) throws {
        let plan = try store.database.dialect == .sqlite ? sqlitePlan(sql) : postgresPlan(sql)
        if store.database.dialect == .sqlite {
            #expect(!plan.contains { $0.hasPrefix("SCAN") && $0 != "SCAN CONSTANT ROW" }, "\(name): \(plan)")
            let isInsert = sql.drop { $0.isWhitespace }.hasPrefix("INSERT")
            #expect(isInsert || plan.contains { $0.hasPrefix("SEARCH") }, "\(name): \(plan)")
            return
        }
        #expect(!plan.contains { $0.contains("Seq Scan") }, "\(name): \(plan)")
        // An index that is read from end to end is no better.
        for (line, next) in zip(plan, plan.dropFirst())
        where line.contains("Scan using") || line.contains("Bitmap Index Scan") {
            #expect(next.contains("Index Cond"), "\(name): \(plan)")
        }
    }

    private func sqlitePlan(_ sql: String) throws -> [String] {
        try store.database.read { connection in
            var values: [String: SQLValue] = [:]
            for match in sql.matches(of: /:([a-z_0-9]+)/) { values[String(match.1)] = 1 }
            return try connection.rows("EXPLAIN QUERY PLAN " + sql, values).map { try $0.text("detail") }
        }
    }

    private func postgresPlan(_ sql: String) throws -> [String] {
        let numbered = NumberedStatement(sql)
        return try store.database.write { connection in
            // Of empty tables the planner reads all rows unless it is told not to.
            try connection.execute("SET LOCAL enable_seqscan = off")
            try connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            let name = "q" + UUID().uuidString.prefix(8).lowercased()
            try connection.execute("PREPARE \(name) AS \(numbered.text)")
            let values = numbered.names.map { _ in "NULL" }.joined(separator: ", ")
            return try connection.rows("EXPLAIN EXECUTE \(name)\(values.isEmpty ? "" : "(\(values))")").map {
                try $0.text("QUERY PLAN")
            }
        }
    }

    /// Where many rows could be sorted instead of found, PostgreSQL's planner has to know that there are many.
    private func fill() throws {
        guard store.database.dialect == .postgres else { return }
        try store.database.write { connection in
            for statement in [
                """
                INSERT INTO certificate
                SELECT upper(md5(n::text)), 'message', 1, 0, 0, '' FROM generate_series(1, 3000) AS s (n)
                """,
                """
                INSERT INTO certificate_key
                SELECT fingerprint, fingerprint, decode(substr(fingerprint, 1, 16), 'hex') FROM certificate
                """,
                """
                INSERT INTO smime_certificate
                SELECT fingerprint, '', decode(fingerprint, 'hex'), decode(fingerprint, 'hex'), 'message', 0, 0, NULL, ''
                FROM certificate
                """,
                "ANALYZE certificate", "ANALYZE certificate_key", "ANALYZE smime_certificate",
            ] { try connection.execute(statement) }
        }
    }
}
