import Guard
import Libcrypto
import MIME

/// S/MIME certificates and keys.
extension Operations {
    static func hasCertificates(_ call: Call) throws -> Answer {
        let has = try call.guard.hasCertificates(call.caller)
        return .data(CertificatePresenceResponse(hasPrivateKey: has, hasPublicKey: has))
    }

    static func certificates(_ call: Call) throws -> Answer {
        .data(CertificatesResponse(try call.guard.certificates(of: call.caller)))
    }

    static func deleteCertificate(_ call: Call) throws -> Answer {
        let (caller, serial) = (try call.caller, try call.parameters.required("serial"))
        try call.guard.deleteCertificate(caller, serial: serial, password: call.password())
        return .done
    }

    static func setCurrentCertificate(_ call: Call) throws -> Answer {
        let (caller, serial) = (try call.caller, try call.parameters.required("serial"))
        try call.guard.setCurrentCertificate(caller, serial: serial)
        return .done
    }

    static func recipientCertificate(_ call: Call) throws -> Answer {
        guard let address = EmailAddress(try call.parameters.required("email")) else {
            throw GuardError(.badParameter, "email is no address", parameters: ["email"])
        }
        return .data(
            RecipientCertificateResponse(try call.guard.recipientCertificate(call.caller, for: address)))
    }

    static func uploadCertificate(_ call: Call) throws -> Answer {
        let caller = try call.caller
        let file = try call.parameters.requiredFile("certificate")
        let found = try call.guard.uploadCertificate(
            caller, file: file, password: call.parameters.secret("password"),
            newPassword: call.parameters.secret("newPassword"))
        return .data(CertificatesResponse(found))
    }

    static func uploadRecipientCertificate(_ call: Call) throws -> Answer {
        let caller = try call.caller
        let file = try call.parameters.requiredFile("certificate")
        let found = try call.guard.uploadRecipientCertificates(caller, file: file)
        return .data(CertificatesResponse(found))
    }

    static func checkCreateCertificate(_ call: Call) throws -> Answer {
        let answer = call.guard.checkCertificateCreation(try call.caller)
        return .data(CertificateCreationResponse(available: answer.isAvailable, message: answer.message))
    }

    static func createCertificate(_ call: Call) throws -> Answer {
        let caller = try call.caller
        let password = try call.newPassword()
        let made = try call.guard.createCertificate(caller, password: password)
        return .data(CertificateResponse(made))
    }
}
