import ArgumentParser
import KeyStore
import ProtectedMail

/// `guardctl key trust`.
struct KeyTrustCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Say how far a key and all its user IDs are believed.",
        discussion: "An import only ever raises trust; here it can be lowered, too.")

    @OptionGroup var options: StoreOptions
    @Argument(help: ArgumentHelp("Fingerprint, key ID or address.", valueName: "key")) var name: String
    @Argument(help: ArgumentHelp("admin, user, dane, wkd, autocrypt, hkp or message.", valueName: "trust"))
    var trust: String

    func run() throws {
        try Failure.reported {
            guard let provenance = Provenance(rawValue: trust), provenance != .own else {
                throw KeyStoreError(
                    .unusableInput, "trust \(trust): write one of admin, user, dane, wkd, autocrypt, hkp, message")
            }
            let store = try options.open()
            let record = try store.sole(name)
            let fingerprint = record.certificate.fingerprint
            guard !record.hasSecret else {
                throw KeyStoreError(.hasSecretKey, "key \(fingerprint.hex): the gateway's own, its trust stays own")
            }
            try store.setProvenance(provenance, of: fingerprint)
            Output.write("\(fingerprint.hex)  \(provenance.rawValue)\n")
        }
    }
}
