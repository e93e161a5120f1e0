import Guard
import MIME

/// Treats no mail, but says whether it was given a key to sign with.
struct SigningCrypto: MessageCrypto {
    func judge(_ message: [UInt8], for reader: EmailAddress) throws -> JudgedMessage {
        JudgedMessage(passes: false, message: message)
    }

    func protect(_ message: [UInt8], _ order: MessageOrder) throws -> [UInt8] {
        Array((order.openPGPKey == nil ? "unsigned" : "signed").utf8)
    }
}
