import MIME
import ProtectedMail

/// What is found in an inbound message, and what is written of it.
extension MessageState {
    /// One verdict stands for all recipients: what one of them alone made sure of counts only where nobody else reads it.
    var certificateSource: any CertificateSource {
        guard envelope.recipients.count == 1, let reader = envelope.recipients.first?.address else {
            return context.keys
        }
        let known = ReaderKeys(base: context.keys, reader: reader)
        // Another's key must not open for this reader what was never meant for them.
        return inbound == .decrypt
            ? OpenerKeys(base: known, directory: context.keys, reader: reader, time: context.now()) : known
    }

    func startInspection() -> Reply {
        guard record.direction == .inbound, inspects else { return .proceed }
        if plan.isEmpty { record.plan = inbound == .decrypt ? "decrypt" : "inspect" }
        do {
            var options = InspectOptions()
            options.maxInspectSize = context.policy.maxInspectSize
            options.policy = context.policy.algorithms
            options.spoolDirectory = context.spoolDirectory
            options.keepsOpened = inbound == .decrypt
            options.opensUnauthenticated = context.policy.opensUnauthenticated
            let inspector = try Inspector(
                header: header, source: certificateSource, options: options, time: context.now())
            if inspector.wantsBody {
                self.inspector = inspector
                wantsBody = true
            } else {
                verdict = inspector.finish()
            }
            return .proceed
        } catch {
            return failedInspection(error)
        }
    }

    var writesResult: Bool {
        guard inspector == nil else { return true }
        return verdict.map { $0.status != .none || !$0.reasons.isEmpty || context.policy.annotatesUnsigned } ?? false
    }

    /// Ends the inspection, if there is one, and writes down what was found; the refusal where that could not be done.
    func judge(isBodyRepaired: Bool) -> Outcome? {
        if let inspector { verdict = inspector.finish() }
        if let verdict, isOurFailure(verdict) {
            record.verdict = verdict.status.rawValue
            record.reasons += verdict.reasons.map(\.description)
            return refused(.tempfail(Replies.failure))
        }
        if isBodyRepaired, !isContentEncoded { verdict = verdict?.withRepairedLineEnds() }
        settle()
        if let verdict { harvest(verdict) }
        if let verdict, writesResult {
            edits.append(.insert(index: 0, name: VerdictField.name, value: VerdictField.value(verdict)))
            edits.append(
                .insert(
                    index: 0, name: ResultField.name,
                    value: ResultField.value(authservID: context.policy.authservID, verdict: verdict)))
        }
        return nil
    }

    /// Whether what a signature covers stands in an encoding that does not depend on the line ends of the body.
    var isContentEncoded: Bool {
        let type = header.first { $0.isNamed("Content-Type") }.map { ContentType.parse($0.rawValue).mediaType }
        return type == "application/pkcs7-mime" || type == "application/x-pkcs7-mime"
    }

    /// Only signers of whole messages that passed: their chain vouches for their certificates.
    func harvest(_ verdict: Verdict) {
        guard verdict.status == .pass else { return }
        for signature in verdict.signatures where signature.status == .pass {
            if let certificate = signature.certificate {
                context.keys.harvest(certificate, capabilities: signature.capabilities)
            }
        }
    }

    /// A verdict that only says that we could not look is not worth delivering with: the sender tries again.
    func isOurFailure(_ verdict: Verdict) -> Bool {
        verdict.status == .temperror
            && verdict.reasons.contains { $0.code == .keySourceFailed || $0.code == .internalFailure }
    }

    /// The message cannot be judged (a permanent property of it), or we cannot judge it now.
    func failedInspection(_ error: any Error) -> Reply {
        guard error is ProtectedMailError || error is MIMEError else {
            record.reasons.append("inspection: \(error)")
            return .tempfail(Replies.failure)
        }
        inspector = nil
        wantsBody = marker != nil
        verdict = Verdict(status: .permerror, protocol: .none, reasons: [Reason(.malformed, "\(error)")])
        return .proceed
    }
}
