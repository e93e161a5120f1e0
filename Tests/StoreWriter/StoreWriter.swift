import Foundation
import KeyStore
import Libcrypto
import MIME

/// store-writer URL MASTER-KEY ACKNOWLEDGED NAME CLIENTS ADDRESS...: changes accounts until it is killed, each change of
/// three rows that belong together. What the store acknowledged is a line of a file.
@main enum StoreWriter {
    private static let insert = """
        INSERT INTO password_guess (subject, kind, failures, locked_until, next_lock, updated)
        VALUES (:subject, :kind, 0, 0, 0, 0)
        """

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 6, let clients = Int(arguments[5]) else { exit(64) }
        let store = try KeyStore(url: arguments[1], master: MasterKey.load(path: arguments[2]))
        let acknowledged = open(arguments[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard acknowledged >= 0 else { exit(73) }
        let accounts = try arguments[6...].compactMap { EmailAddress($0) }.map { try store.openAccount(for: $0).id }

        for client in 0..<clients {
            Thread.detachNewThread {
                var number = 0
                while true {
                    number += 1
                    let account = accounts[(client + number) % accounts.count]
                    let subject = "\(account)/\(arguments[4])-\(client)-\(number)"
                    do {
                        try store.changeAccount(account, audit: nil) { connection in
                            for kind in ["a", "b", "c"] {
                                try connection.execute(insert, ["subject": SQLValue(subject), "kind": SQLValue(kind)])
                            }
                        }
                        let line = Array("\(subject)\n".utf8)
                        guard write(acknowledged, line, line.count) == line.count else { exit(74) }
                    } catch let error as KeyStoreError where error.isTemporary {
                        // Done or not, nobody knows: it was not acknowledged.
                    } catch {
                        FileHandle.standardError.write(Data("\(error)\n".utf8))
                        exit(70)
                    }
                }
            }
        }
        while true { pause() }
    }
}
