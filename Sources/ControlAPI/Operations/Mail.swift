/// Mail for filters: verified, encrypted.
extension Operations {
    static func verifyPGPMail(_ call: Call) throws -> Answer { try unwritten(call) }
    static func encryptPGPMail(_ call: Call) throws -> Answer { try unwritten(call) }
    static func verifyMail(_ call: Call) throws -> Answer { try unwritten(call) }
    static func encryptMail(_ call: Call) throws -> Answer { try unwritten(call) }
}
