import ArgumentParser
import CMS
import Foundation
import Libcrypto
import ProtectedMail

/// What S/MIME is judged by and opened with, from files on the command line.
struct TrustOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Certificates of authorities to trust, PEM or DER, each as it stands; may be given several times.",
            valueName: "file"))
    var ca: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Further certificates, PEM, DER or PKCS#7, to complete chains and to name signers; with an unlocked private key \
            in the same PEM file it opens mail. May be given several times.
            """, valueName: "file"))
    var certificate: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Revocation lists: a file, PEM or DER, or a directory; may be given several times.", valueName: "path"))
    var crl: [String] = []

    @Flag(name: .customLong("require-crl"), help: "Trust no certificate that no revocation list covers.")
    var requireCRL = false

    /// Reads the files. Throws `InputError` for one that cannot be read.
    func read() throws -> TrustFiles {
        var files = TrustFiles()
        if !ca.isEmpty {
            let anchors = try ca.flatMap { try Self.certificates($0) }
            let policy = ChainPolicy(revocation: requireCRL ? .hard : .soft)
            do {
                files.trust = SMIMETrust(
                    store: try TrustStore(anchors, trustsIntermediates: true), lists: try lists(), policy: policy)
            } catch let error as CMSError {
                throw InputError("--ca: \(error.message)")
            }
        }
        for name in certificate {
            let found = try Self.certificates(name)
            files.certificates += found
            guard let key = try? CMSPrivateKey(SecretBytes(copying: InputFile.read(name))) else { continue }
            files.keys += found.filter(key.matches).map { CMSDecryptionKey(certificate: $0, privateKey: key) }
        }
        return files
    }

    private static func certificates(_ name: String) throws -> [X509Certificate] {
        guard let found = try? X509Certificate.parseAll(InputFile.read(name)), !found.isEmpty else {
            throw InputError("\(name): holds no certificate")
        }
        return found
    }

    private func lists() throws -> [RevocationList] {
        try crl.flatMap { path in
            do {
                let found = try RevocationList.load(path: path)
                if let problem = found.skipped.first { throw InputError(problem) }
                return found.lists
            } catch let error as CMSError {
                throw InputError("\(path): \(error.message)")
            }
        }
    }
}

/// What `TrustOptions` name.
struct TrustFiles {
    var trust: SMIMETrust?
    var certificates: [X509Certificate] = []
    var keys: [CMSDecryptionKey] = []
}
