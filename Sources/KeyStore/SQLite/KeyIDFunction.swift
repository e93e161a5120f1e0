import Foundation
import GRDB
import OpenPGP

extension DatabaseFunction {
    /// The eight octets of a key ID in hexadecimal digits; NULL for other text. SQLite's own `unhex` came with version
    /// 3.41, Debian 12 has an older one. Only upgrades of the schema use it: other programs can open the file.
    static let keyIDOctets = DatabaseFunction("key_id_octets", argumentCount: 1, pure: true) { values in
        values.first.flatMap { String.fromDatabaseValue($0) }.flatMap { KeyID(digits: $0) }.map { Data($0.bytes) }
    }
}
