import CMS
import Guard
import MIME
import MailFlow
import OpenPGP
import ProtectedMail

/// The mail flow as the control API asks it.
struct DoorCrypto: MessageCrypto {
    /// That of the newest configuration.
    let context: @Sendable () throws -> SessionContext

    func judge(_ message: [UInt8], for reader: EmailAddress) throws -> JudgedMessage {
        try translating {
            let judged = try MessageDoor(context: context()).judge(message, for: reader)
            return JudgedMessage(passes: judged.verdict.status == .pass, message: judged.message)
        }
    }

    func protect(_ message: [UInt8], _ order: MessageOrder) throws -> [UInt8] {
        try translating {
            let context = try context()
            let now = context.now()
            var protection = ProtectionOrder(
                sender: order.sender, recipients: order.recipients, encrypt: order.encrypt, sign: order.sign,
                protocols: order.types.map { $0 == .pgp ? .openpgp : .smime }, isAtRest: order.isAtRest)
            protection.isInline = order.isInline
            protection.signingKey = try order.openPGPKey?.signingKey(at: now, policy: context.policy.algorithms)
            protection.smimeSigner = try order.smimeKey.map {
                SMIMESigner(
                    signer: try CMSSigner(certificate: $0.certificate, privateKey: $0.key),
                    chain: $0.chain.filter { !$0.isSelfIssued })
            }
            return try MessageDoor(context: context).protect(message, protection)
        }
    }

    private func translating<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as MessageDoorError {
            switch error {
            case .notAMessage: throw GuardError(.notMIME, "this is no mail message")
            case .missingKeys(let names):
                throw GuardError(
                    .recipientWithoutKey,
                    "no key, or none that serves all recipients, for: "
                        + names.joined(separator: ", "), parameters: names)
            case .noSignature(let why): throw GuardError(.privateKeyMissing, why)
            case .tooLarge: throw GuardError(.mailTooLarge, "the message is too large")
            case .busy: throw GuardError(.busy, "too much mail is in work", retryAfter: 5)
            case .failed: throw GuardError(.unavailable, "the message could not be processed now")
            }
        } catch let error as OpenPGPError {
            throw GuardError(.privateKeyMissing, "the key cannot sign: \(error.code.rawValue)")
        } catch let error as CMSError {
            throw GuardError(.privateKeyMissing, "the key cannot sign: \(error.code.rawValue)")
        }
    }
}
