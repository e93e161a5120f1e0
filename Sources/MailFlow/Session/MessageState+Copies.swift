import MIME
import ProtectedMail

/// A message whose recipients need different copies.
extension MessageState {
    /// Whether an earlier attempt may have split the message that is to stay one now. Its digest will tell.
    func mayHaveBegun(_ plan: CopyPlan) throws -> Bool {
        guard context.policy.splitting != nil, !plan.rules.isEmpty, plan.plan.guests.isEmpty,
            plan.plan.refusal == nil, plan.plan.refusalUnlessProtected == nil, let redelivery = context.redelivery
        else { return false }
        return try redelivery.hasUnfinished()
    }

    func startCopies() -> Reply {
        do {
            var options = ProtectOptions()
            options.spoolDirectory = context.spoolDirectory
            copyWork = try CopyWork(copies, header: header, time: context.now(), options: options)
            return .proceed
        } catch {
            return failedProtection(error)
        }
    }

    /// Hands all copies to the mail server again; the original is dropped when every recipient's was taken.
    func deliver(_ work: CopyWork) -> Outcome {
        guard let redelivery = context.redelivery else {
            record.reasons.append("the message needs \(copies.count) copies and there is nobody to take them")
            return refused(.tempfail(Replies.failure))
        }
        let released: [Released]
        let identity: MessageIdentity
        do {
            identity = work.finishIdentity()
            if copies.count == 1,
                try !redelivery.hasUnfinished(
                    identity, from: envelope.senderPath, to: envelope.recipients.map(\.text))
            {
                return try deliverAsOne(work)
            }
            released = try work.finish(route: route(to:), header: header(of:with:))
        } catch {
            copyWork = nil
            let reply = failedCopies(error)
            return refused(reply)
        }
        let limit = context.policy.messageSizeLimit
        if limit > 0, released.contains(where: { $0.size > limit }) { return refused(.reject(Replies.tooLarge(limit))) }
        switch redelivery.deliver(released, of: identity) {
        case .delivered:
            record.result = .split
            return Outcome(edits: [], body: nil, reply: .discard)
        case .refused(let reply):
            record.reasons.append("copies: \(reply.code) \(reply.enhanced) \(reply.text)")
            return refused(.refusing(reply))
        }
    }

    /// What nobody has a copy of needs no listener.
    func deliverAsOne(_ work: CopyWork) throws -> Outcome {
        guard let protected = try work.finishFirst() else {
            settle()
            return accepted(.allowed(rules))
        }
        return try deliver(protected)
    }

    func route(to recipients: [Envelope.Recipient]) -> ReleasedRoute {
        var route = envelope.route(to: recipients)
        if let proxyTrace {
            route.trace = proxyTrace
        } else if cameBySMTP, let client {
            route.trace = [
                ("NAME", ReleasedRoute.traceName(clientName)),
                ("ADDR", (client.bytes.count == 16 ? "IPV6:" : "") + "\(client)"),
                ("PROTO", "ESMTP"),
                ("IDENT", record.queueID), ("SOURCE", "REMOTE"),
            ]
        } else {
            route.trace = [("IDENT", record.queueID), ("SOURCE", "LOCAL")]
        }
        return route
    }

    func header(of copy: CopyPlan, with protected: ProtectedMessage?) throws -> EditedHeader {
        var edited = EditedHeader(header)
        var edits = edits
        if let protected {
            edits += bodyChangeEdits + protected.headerEdits
            edits += try markerEdits(protected.body, for: copy.recipients)
        } else {
            edits += HeaderCleaner.removals(from: header) { $0.isNamed("Bcc") || $0.isNamed("Resent-Bcc") }
        }
        if proxyTrace == nil {
            let received = ReceivedField(
                clientName: clientName, client: client, cameBySMTP: cameBySMTP,
                isAuthenticated: ladder.login?.isEmpty == false, host: host, queueID: record.queueID)
            edits.append(
                .insert(
                    index: 0, name: ReceivedField.name, value: received.value(unixSeconds: context.now().seconds)))
        }
        for edit in edits { edited.apply(edit) }
        return edited
    }

    func failedCopies(_ error: any Error) -> Reply {
        record.reasons.append("protection: \(error)")
        guard let error = error as? ProtectedMailError, error.isAboutSigning else { return .tempfail(Replies.failure) }
        return .reject(
            SMTPReply(code: 550, enhanced: "5.7.1", text: "the message cannot be signed as its rule requires: \(error)")
        )
    }
}
