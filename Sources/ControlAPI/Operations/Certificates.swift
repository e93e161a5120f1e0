/// S/MIME certificates and keys.
extension Operations {
    static func hasCertificates(_ call: Call) throws -> Answer { try unwritten(call) }
    static func deleteCertificate(_ call: Call) throws -> Answer { try unwritten(call) }
    static func certificates(_ call: Call) throws -> Answer { try unwritten(call) }
    static func setCurrentCertificate(_ call: Call) throws -> Answer { try unwritten(call) }
    static func recipientCertificate(_ call: Call) throws -> Answer { try unwritten(call) }
    static func uploadCertificate(_ call: Call) throws -> Answer { try unwritten(call) }
    static func uploadRecipientCertificate(_ call: Call) throws -> Answer { try unwritten(call) }
    static func checkCreateCertificate(_ call: Call) throws -> Answer { try unwritten(call) }
    static func createCertificate(_ call: Call) throws -> Answer { try unwritten(call) }
}
