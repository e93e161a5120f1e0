import Libcrypto
import MIME
import OpenPGP
import ProtectedMail

/// The copies of one message in the making: each piece of the body goes into every protector as it arrives.
final class CopyWork {
    private struct Copy {
        let plan: CopyPlan
        /// nil for a copy that goes in clear.
        let protector: Protector?
    }

    private let copies: [Copy]
    /// The body as it came, sealed; only kept where a copy may go in clear.
    private let original: Spool?
    private let identity: IdentityDigest

    init(_ plans: [CopyPlan], header: [HeaderField], time: Timestamp, options: ProtectOptions) throws {
        copies = try plans.map { plan in
            Copy(
                plan: plan,
                protector: try plan.plan.protection.map {
                    try Protector(header: header, protection: $0, time: time, options: options)
                })
        }
        let mayBeClear = plans.contains { $0.plan.protection == nil || $0.plan.mayDropSignature }
        original = mayBeClear ? Spool(directory: options.spoolDirectory) : nil
        identity = try IdentityDigest(header: header)
    }

    func push(_ bytes: Span<UInt8>) throws {
        identity.push(bytes)
        try original?.append(bytes)
        for copy in copies { try copy.protector?.push(bytes) }
    }

    /// What the copies are: the same message as in another attempt or not.
    func finishIdentity() -> MessageIdentity { identity.finish() }

    /// Ends every copy.
    ///
    /// - Parameters:
    ///   - route: the envelope of a copy.
    ///   - header: the header of a copy whose protection, if any, made these changes and this body.
    /// - Throws: what the protector throws; `MailFlowError` where a clear copy is not allowed.
    func finish(
        route: ([Envelope.Recipient]) -> ReleasedRoute,
        header: (CopyPlan, ProtectedMessage?) throws -> EditedHeader
    ) throws -> [Released] {
        try copies.map { copy in
            let route = route(copy.plan.recipients)
            if let message = try protected(copy) {
                return Released(message, header: try header(copy.plan, message), route: route)
            }
            guard let original,
                let released = Released(
                    clear: original, header: try header(copy.plan, nil), route: route, rules: copy.plan.rules)
            else {
                throw MailFlowError(.clearText, "a copy would leave in clear, which its rule does not allow")
            }
            return released
        }
    }

    /// Ends the first copy alone; nil where it goes as it came.
    func finishFirst() throws -> ProtectedMessage? { try copies.first.flatMap { try protected($0) } }

    /// nil for a copy that goes as it came, because it was planned so, or because a signature that may be left out turned
    /// out to be impossible.
    private func protected(_ copy: Copy) throws -> ProtectedMessage? {
        guard let protector = copy.protector else { return nil }
        do { return try protector.finish() } catch let error as ProtectedMailError {
            guard copy.plan.plan.mayDropSignature, copy.plan.plan.protection?.encrypts == false,
                error.isAboutSigning
            else { throw error }
            return nil
        }
    }
}

extension ProtectedMailError {
    /// Whether it is a property of the message that forbids signing it, not a failure of ours.
    var isAboutSigning: Bool { [.unsafeSignedPart, .malformed, .tooLarge].contains(code) }
}
