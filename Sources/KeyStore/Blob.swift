import Foundation
import GRDB

/// Octets as the engine takes them: GRDB binds `Data`.
enum Blob {
    static func of(_ bytes: [UInt8]) -> Data { Data(bytes) }
}

extension Row {
    /// The octets of a column that is never NULL.
    func octets(_ column: String) -> [UInt8] {
        let data: Data = self[column]
        return [UInt8](data)
    }

    /// The same for a column that may be NULL.
    func octetsOrNil(_ column: String) -> [UInt8]? {
        let data: Data? = self[column]
        return data.map { [UInt8]($0) }
    }
}
