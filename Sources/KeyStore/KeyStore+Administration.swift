import GRDB
public import Libcrypto
import MIME
public import OpenPGP
public import ProtectedMail

/// One certificate as an administrator sees it.
public struct KeyEntry: Sendable {
    public let certificate: Certificate
    public let provenance: Provenance
    public let hasSecret: Bool
    /// Unix seconds of the first import and of the last change.
    public let created: Int64
    public let updated: Int64

    public var fingerprint: String { certificate.fingerprint.hex }
}

extension KeyStore {
    private static let pageSize = 200

    /// Calls `body` for every certificate in the order of the fingerprints; memory stays bounded.
    public func forEachEntry(_ body: (KeyEntry) throws -> Void) throws {
        var after = ""
        while true {
            let rows = try database.read { connection in
                try Row.fetchAll(connection, sql: Query.page, arguments: ["after": after, "limit": Self.pageSize])
            }
            for row in rows {
                after = row["fingerprint"]
                try body(
                    KeyEntry(
                        certificate: try Self.parse(row.octets("bytes"), after),
                        provenance: Provenance(rawValue: row["provenance"]) ?? .message,
                        hasSecret: (row["secret"] as String?) != nil, created: row["created"],
                        updated: row["updated"]))
            }
            if rows.count < Self.pageSize { return }
        }
    }

    /// All entries.
    public func list() throws -> [KeyEntry] {
        var entries: [KeyEntry] = []
        try forEachEntry { entries.append($0) }
        return entries
    }

    /// The entries that `name` means: a fingerprint, a key ID (16 digits) or a mail address. Blanks in a fingerprint and
    /// a leading `0x` are passed over.
    public func entries(named name: String) throws -> [KeyEntry] {
        let digits = name.filter { $0 != " " }
        let hex = (digits.hasPrefix("0x") ? digits.dropFirst(2) : digits[...]).uppercased()
        let isHex = hex.allSatisfy(\.isHexDigit)
        let address = EmailAddress(name)
        return try list().filter { entry in
            if isHex, hex.count == 16 { return entry.certificate.allKeys.contains { $0.keyID.hex == hex } }
            if isHex, hex.count >= 40 { return entry.certificate.allKeys.contains { $0.fingerprint.hex == hex } }
            guard let address else { return false }
            return entry.certificate.userIDs.contains { component in
                component.userID.emailAddress.flatMap { EmailAddress($0) } == address
            }
        }
    }

    /// The one entry that `name` means.
    ///
    /// - Throws: `notFound`; `ambiguous`, naming the fingerprints.
    public func entry(named name: String) throws -> KeyEntry {
        let found = try entries(named: name)
        guard let first = found.first else {
            throw KeyStoreError(
                .notFound,
                "no key \"\(name)\": give a fingerprint, a key ID of 16 digits or a mail address; see key list")
        }
        guard found.count == 1 else {
            throw KeyStoreError(
                .ambiguous,
                "\"\(name)\" means \(found.count) keys: give one of the fingerprints "
                    + found.map(\.fingerprint).joined(separator: ", "))
        }
        return first
    }

    /// The secret key, locked under `password`, armored.
    ///
    /// - Throws: `notFound` where only the certificate is here.
    public func exportSecret(_ fingerprint: String, password: SecretBytes) throws -> SecretBytes {
        let row = try database.read { connection in
            try Row.fetchOne(connection, sql: Query.secret, arguments: ["fingerprint": fingerprint])
        }
        guard let row else { throw KeyStoreError(.notFound, "there is no secret key for \(fingerprint)") }
        let opened = try openGatewaySecret(row.octets("sealed"), fingerprint: fingerprint, account: row["account"])
        return try Self.parseSecret(opened, fingerprint).locked(password: password).armored()
    }

    /// Deletes a certificate, and its secret key where `withSecret` says so.
    ///
    /// - Throws: `notFound`, `hasSecretKey`.
    public func delete(_ fingerprint: String, withSecret: Bool) throws {
        try database.write { connection in
            let hasSecret =
                try Row.fetchOne(connection, sql: Query.secret, arguments: ["fingerprint": fingerprint]) != nil
            guard !hasSecret || withSecret else {
                throw KeyStoreError(
                    .hasSecretKey,
                    "key \(fingerprint) has a secret key here; without it mail to it cannot be read any more: "
                        + "export it first, then delete it with --secret")
            }
            try connection.execute(sql: Query.deleteSecret, arguments: ["fingerprint": fingerprint])
            try connection.execute(sql: Query.deleteCertificate, arguments: ["fingerprint": fingerprint])
            guard connection.changesCount > 0 else {
                throw KeyStoreError(.notFound, "there is no key \(fingerprint)")
            }
            _ = try Self.raiseCounter(connection)
        }
    }
}
