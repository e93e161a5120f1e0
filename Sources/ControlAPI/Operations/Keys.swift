/// OpenPGP key rings.
extension Operations {
    static func hasKeys(_ call: Call) throws -> Answer { try unwritten(call) }
    static func createKey(_ call: Call) throws -> Answer { try unwritten(call) }
    static func deleteKey(_ call: Call) throws -> Answer { try unwritten(call) }
    static func contactKeys(_ call: Call) throws -> Answer { try unwritten(call) }
    static func keys(_ call: Call) throws -> Answer { try unwritten(call) }
    static func key(_ call: Call) throws -> Answer { try unwritten(call) }
    static func downloadKey(_ call: Call) throws -> Answer { try unwritten(call) }
    static func uploadKey(_ call: Call) throws -> Answer { try unwritten(call) }
    static func uploadExternalKey(_ call: Call) throws -> Answer { try unwritten(call) }
    static func externalKeys(_ call: Call) throws -> Answer { try unwritten(call) }
    static func inlineExternalKey(_ call: Call) throws -> Answer { try unwritten(call) }
    static func shareExternalKey(_ call: Call) throws -> Answer { try unwritten(call) }
    static func deleteExternalKey(_ call: Call) throws -> Answer { try unwritten(call) }
    static func addUserID(_ call: Call) throws -> Answer { try unwritten(call) }
    static func setCurrentKey(_ call: Call) throws -> Answer { try unwritten(call) }
    static func revokeKey(_ call: Call) throws -> Answer { try unwritten(call) }
    static func recipientKey(_ call: Call) throws -> Answer { try unwritten(call) }
    static func keySignatures(_ call: Call) throws -> Answer { try unwritten(call) }
    static func importAutocrypt(_ call: Call) throws -> Answer { try unwritten(call) }
    static func verifyAutocrypt(_ call: Call) throws -> Answer { try unwritten(call) }
}
