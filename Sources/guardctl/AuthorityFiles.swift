import ArgumentParser
import CMS
import Foundation
import Glibc
import KeyStore
import MIME
import Settings

/// Where the built-in authority is.
struct AuthorityOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The configuration of guardd, which says where the state is.", valueName: "file"))
    var config: String?
    @Option(
        name: .long,
        help: ArgumentHelp("The directory of the authority (default: ca beside the key store).", valueName: "directory")
    )
    var directory: String?

    func files() throws -> AuthorityFiles {
        if let directory { return AuthorityFiles(directory: directory) }
        var store = StoreOptions()
        store.config = config
        // Beside the file of the store; where that is a server, at the place of the default.
        let path = StoreLocation(try store.settings().store).path ?? ServiceSettings(hostname: "localhost").store
        return AuthorityFiles(directory: (path as NSString).deletingLastPathComponent + "/ca")
    }
}

/// One certificate that was issued. The names of the fields are those of the file.
struct IssuedCertificate: Codable {
    let serial: String
    let addresses: [String]
    let notAfter: Int64
    var revoked: Int64?
    var reason: Int?

    var line: String {
        let state =
            revoked.map { "revoked \(CertificateReport.date($0))" } ?? "until \(CertificateReport.date(notAfter))"
        return "\(serial)  \(state)  \(addresses.joined(separator: ", "))"
    }
}

/// The files of the built-in authority. One process at a time changes them.
struct AuthorityFiles {
    let directory: String
    var certificate: String { directory + "/ca.pem" }
    var list: String { directory + "/crl.pem" }
    private var key: String { directory + "/ca.key" }
    private var register: String { directory + "/issued.json" }

    /// An authority is never written over.
    func refuseIfThere() throws {
        for path in [certificate, key, register] where FileManager.default.fileExists(atPath: path) {
            throw KeyStoreError(.exists, "\(path) is there already")
        }
    }

    func make(certificate: X509Certificate, lockedKey: [UInt8]) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory + "/certificates", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch { throw InputError("\(directory): cannot be made") }
        try Self.write(lockedKey, to: key, isSecret: true)
        try Self.write(certificate.pem, to: self.certificate, isSecret: false)
        try save([])
    }

    func open(password: PasswordOptions) throws -> CertificateAuthority {
        guard FileManager.default.fileExists(atPath: key) else {
            throw KeyStoreError(.notFound, "there is no authority in \(directory): run guardctl ca init first")
        }
        let certificate = try X509Certificate(pem: InputFile.read(certificate))
        let locked = try InputFile.read(key)
        let secret = try password.read(prompt: "Password for the key of the authority")
        return try CertificateAuthority(
            certificate: certificate, key: CMSPrivateKey(locked: locked, password: secret, legacy: .refused))
    }

    func issued() throws -> [IssuedCertificate] {
        let bytes = try InputFile.read(register)
        guard let issued = try? JSONDecoder().decode([IssuedCertificate].self, from: Data(bytes)) else {
            throw InputError("\(register): is damaged")
        }
        return issued
    }

    func remember(_ certificate: X509Certificate) throws {
        try Self.write(certificate.pem, to: "\(directory)/certificates/\(certificate.serial).pem", isSecret: false)
        try locked { issued in
            issued.append(
                IssuedCertificate(
                    serial: certificate.serial,
                    addresses: certificate.emailAddresses.compactMap { $0.address?.canonical },
                    notAfter: certificate.notAfter, revoked: nil, reason: nil))
        }
    }

    /// Marks what is named by serial number or address and is not revoked yet; gives what was marked.
    func revoke(_ which: String, reason: RevocationReason, at now: Int64) throws -> [IssuedCertificate] {
        let address = EmailAddress(which)?.canonical
        var changed: [IssuedCertificate] = []
        try locked { issued in
            for index in issued.indices where issued[index].revoked == nil {
                let isMeant =
                    address.map { issued[index].addresses.contains($0) } ?? (issued[index].serial == which.uppercased())
                guard isMeant else { continue }
                issued[index].revoked = now
                issued[index].reason = reason.rawValue
                changed.append(issued[index])
            }
        }
        return changed
    }

    func revocations(of authority: CertificateAuthority) throws -> [CertificateAuthority.Revocation] {
        try issued().compactMap { entry in
            guard let date = entry.revoked else { return nil }
            let certificate = try X509Certificate(
                pem: InputFile.read("\(directory)/certificates/\(entry.serial).pem"))
            let reason = entry.reason.flatMap { RevocationReason(rawValue: $0) } ?? .unspecified
            return .init(certificate.identity, RevocationEntry(date: date, reason: reason))
        }
    }

    /// Counts up in a file.
    func nextListNumber() throws -> Int {
        let path = directory + "/crl.number"
        let text =
            FileManager.default.fileExists(atPath: path)
            ? String(decoding: try InputFile.read(path), as: UTF8.self) : ""
        let number = (Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) + 1
        try Self.write(Array("\(number)\n".utf8), to: path, isSecret: false)
        return number
    }

    private func locked(_ change: (inout [IssuedCertificate]) throws -> Void) throws {
        let descriptor = Glibc.open(directory + "/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else {
            throw InputError("\(directory)/lock: cannot be locked")
        }
        defer { close(descriptor) }
        var issued = try issued()
        try change(&issued)
        try save(issued)
    }

    private func save(_ issued: [IssuedCertificate]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try Self.write(Array(encoder.encode(issued)), to: register, isSecret: false)
    }

    /// Writes a file as a whole or not at all.
    static func write(_ bytes: [UInt8], to path: String, isSecret: Bool) throws {
        let draft = path + ".new"
        let descriptor = Glibc.open(draft, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, isSecret ? 0o600 : 0o644)
        guard descriptor >= 0 else { throw InputError("\(path): cannot be written") }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(bytes))
            try handle.synchronize()
        } catch { throw InputError("\(path): cannot be written") }
        guard rename(draft, path) == 0 else { throw InputError("\(path): cannot be written") }
    }
}
