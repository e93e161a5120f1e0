import Guard
import Libcrypto
import MIME

/// Mail for filters: verified, encrypted. The groups `pgpmail` and `mail` have the same verbs; what kind of signature a
/// message has, it says itself.
extension Operations {
    static func verifyPGPMail(_ call: Call) throws -> Answer { try verifyMail(call) }

    static func verifyMail(_ call: Call) throws -> Answer {
        let isSimple = try call.parameters.bool("simple") ?? false
        let judged = try call.guard.verifyMail(
            user: call.parameters.requiredInteger("user"), context: call.parameters.requiredInteger("context"),
            message: call.parameters.requiredFile("file"))
        return isSimple ? .data(judged.passes) : mail(judged.message)
    }

    static func encryptPGPMail(_ call: Call) throws -> Answer {
        mail(
            try call.guard.encryptAtRest(
                user: call.parameters.requiredInteger("user"), context: call.parameters.requiredInteger("context"),
                message: call.parameters.requiredFile("file")))
    }

    static func encryptMail(_ call: Call) throws -> Answer {
        let parameters = call.parameters
        guard let sender = EmailAddress(try parameters.required("email")) else { throw bad("email") }
        try parameters.demand("fromName")
        _ = try parameters.text("fromName")
        guard let json = try parameters.json("json") else {
            throw GuardError(.missingParameter, "the parameter json is missing", parameters: ["json"])
        }
        guard case .object = json else { throw bad("json") }
        let recipients = try (json["recipients"]?.array ?? []).map { entry in
            guard let text = entry["email"]?.text, let address = EmailAddress(text), address.isDomainMapped else {
                throw bad("json")
            }
            return address
        }
        let type = try json["type"]?.text.map { name in
            guard let type = CryptoType(name: name) else { throw bad("json") }
            return type
        }
        var request = MailRequest(
            message: try parameters.requiredFile("file"), sender: sender,
            isGuest: try parameters.requiredBool("isGuest"), recipients: recipients,
            encrypt: json["encrypt"]?.bool ?? true, sign: json["sign"]?.bool ?? false, type: type,
            token: try parameters.secret("guardAuth"), session: try parameters.secret("session"))
        request.isInline = json["inline"]?.bool
        return mail(
            try call.guard.encryptMail(
                user: parameters.requiredInteger("user"), context: parameters.requiredInteger("context"), request))
    }

    private static func mail(_ message: [UInt8]) -> Answer { .file(message, type: "message/rfc822") }

    private static func bad(_ name: String) -> GuardError {
        GuardError(.badParameter, "the parameter \(name) cannot be read", parameters: [name])
    }
}
