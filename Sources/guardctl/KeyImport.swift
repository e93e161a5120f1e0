import KeyStore
import Libcrypto
import OpenPGP
import ProtectedMail

/// Brings the keys of one file into the store.
struct KeyImport {
    let file: String
    let provenance: Provenance
    /// Leaves secret keys out and takes their certificates only.
    let publicOnly: Bool
    let store: KeyStore

    /// - Parameters:
    ///   - password: asked for if there are locked secret keys.
    ///   - each: gets what became of keys that are in the store now.
    func run(password: () throws -> SecretBytes, each: (ImportReport) throws -> Void) throws {
        let ring = try KeyRingFile(file)
        // All is read once before the first key is stored: broken armor or a wrong password changes nothing.
        let known = try importSecrets(ring, password, each)
        try ring.rewind()
        var count = known.count
        var problems: [OpenPGPError] = []
        func next() throws -> Certificate? {
            while let key = try nextKey(ring) {
                let (found, unreadable) = try Certificate.parseAll(key.octets)
                if problems.count < 1000 { problems += unreadable }
                guard let certificate = found.first, !key.isSecret || !known.contains(certificate.fingerprint) else {
                    continue
                }
                count += 1
                return certificate
            }
            problems += ring.problems
            return nil
        }
        try store.importCertificates(provenance: provenance, next: next) { part in
            var part = part
            part.entries.removeAll { known.contains($0.fingerprint) }
            try each(part)
        }
        guard count > 0 else {
            throw KeyStoreError(
                .unusableInput,
                "input: no usable key" + (problems.first.map { " (\($0))" } ?? "; is it the right file?"))
        }
        var rest = ImportReport()
        rest.problems = problems.map(\.description)
        try each(rest)
    }

    /// - Returns: whose secret keys were taken.
    private func importSecrets(
        _ ring: KeyRingFile, _ password: () throws -> SecretBytes, _ each: (ImportReport) throws -> Void
    ) throws -> Set<Fingerprint> {
        var keys: [KeyRingCutter.Key] = []
        defer { for index in keys.indices { keys[index].wipe() } }
        var known: Set<Fingerprint> = []
        var isLocked = false
        while let key = try nextKey(ring) {
            guard key.isSecret, !publicOnly, let secret = try? SecretCertificate.parseAll(key.octets).keys.first else {
                continue
            }
            keys.append(key)
            known.insert(secret.fingerprint)
            isLocked = isLocked || secret.isLocked
        }
        guard !keys.isEmpty else { return [] }
        var octets: [UInt8] = []
        octets.reserveCapacity(keys.reduce(0) { $0 + $1.octets.count })
        defer { for index in octets.indices { octets[index] = 0 } }
        for key in keys { octets += key.octets }
        try each(store.importSecretKeys(octets, password: isLocked ? password() : nil))
        return known
    }

    private func nextKey(_ ring: KeyRingFile) throws -> KeyRingCutter.Key? {
        do { return try ring.next() } catch let error as OpenPGPError {
            throw KeyStoreError(.unusableInput, "input: \(error); give an OpenPGP key, binary or armored")
        }
    }
}
