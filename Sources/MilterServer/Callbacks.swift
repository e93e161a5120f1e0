import CMilter
import Glibc
import MailFlow

// File-scope functions on purpose: a closure written where code is isolated to the main actor would inherit that
// isolation, compile, and abort on the first thread of libmilter that enters it.

/// Set once, before `smfi_main`, read by every callback.
nonisolated(unsafe) private var server: MilterServer?

func install(_ instance: MilterServer) { server = instance }

func milterDescription(name: UnsafeMutablePointer<CChar>?) -> smfiDesc {
    var description = smfiDesc()
    description.xxfi_name = name
    description.xxfi_version = SMFI_VERSION
    description.xxfi_flags = Negotiation.requiredActions | UInt(SMFIF_SETSYMLIST)
    description.xxfi_negotiate = onNegotiate
    description.xxfi_connect = onConnect
    description.xxfi_envfrom = onMail
    description.xxfi_envrcpt = onRecipient
    // Decides nothing; without it Nagle and delayed acknowledgement cost 40 ms per message over TCP.
    description.xxfi_data = onData
    description.xxfi_header = onHeader
    description.xxfi_eoh = onEndOfHeaders
    description.xxfi_body = onBody
    description.xxfi_eom = onEndOfMessage
    description.xxfi_abort = onAbort
    description.xxfi_close = onClose
    return description
}

/// Runs `body` on the state of the connection. Without state nothing may pass: the answer is a deferral.
private func with(_ context: OpaquePointer?, _ body: (OpaquePointer, Connection) -> Int32) -> sfsistat {
    guard let context, let pointer = smfi_getpriv(context) else { return SMFIS_TEMPFAIL }
    return body(context, Unmanaged<Connection>.fromOpaque(pointer).takeUnretainedValue())
}

private func release(_ context: OpaquePointer?) {
    guard let context, let pointer = smfi_getpriv(context) else { return }
    let connection = Unmanaged<Connection>.fromOpaque(pointer).takeRetainedValue()
    smfi_setpriv(context, nil)
    connection.close()
}

private func onNegotiate(
    _ context: OpaquePointer?, _ actions: UInt, _ steps: UInt, _: UInt, _: UInt,
    _ wantedActions: UnsafeMutablePointer<UInt>?, _ wantedSteps: UnsafeMutablePointer<UInt>?,
    _ reserved2: UnsafeMutablePointer<UInt>?, _ reserved3: UnsafeMutablePointer<UInt>?
) -> sfsistat {
    guard let context, let server, let wantedActions, let wantedSteps else { return SMFIS_REJECT }
    guard let agreed = Negotiation(offeredActions: actions, offeredSteps: steps, isLocal: server.isLocal) else {
        server.log(.error, "the MTA does not let a milter change header and body: connection refused")
        return SMFIS_REJECT
    }
    wantedActions.pointee = agreed.actions
    wantedSteps.pointee = agreed.steps
    reserved2?.pointee = 0
    reserved3?.pointee = 0
    if agreed.setsMacros {
        for (stage, names) in Negotiation.macros {
            var list = Array(names.map(\.description).joined(separator: " ").utf8CString)
            guard smfi_setsymlist(context, stage, &list) == MI_SUCCESS else { return SMFIS_REJECT }
        }
    }
    release(context)
    smfi_setpriv(context, Unmanaged.passRetained(Connection(server: server, negotiation: agreed)).toOpaque())
    return SMFIS_CONTINUE
}

private func onConnect(
    _ context: OpaquePointer?, _ host: UnsafeMutablePointer<CChar>?, _ address: UnsafeMutablePointer<sockaddr>?
) -> sfsistat {
    with(context) { context, connection in
        connection.connect(context, host: host.map { String(cString: $0) } ?? "", address: clientAddress(address))
    }
}

private func onMail(
    _ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> sfsistat {
    with(context) { $1.mail($0, strings(arguments)) }
}

private func onRecipient(
    _ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> sfsistat {
    with(context) { $1.recipient($0, strings(arguments)) }
}

private func onData(_ context: OpaquePointer?) -> sfsistat { with(context) { _, _ in SMFIS_CONTINUE } }

private func onHeader(
    _ context: OpaquePointer?, _ name: UnsafeMutablePointer<CChar>?, _ value: UnsafeMutablePointer<CChar>?
) -> sfsistat {
    with(context) { $1.header(name: bytes(name), value: bytes(value)) }
}

private func onEndOfHeaders(_ context: OpaquePointer?) -> sfsistat { with(context) { $1.endOfHeaders($0) } }

private func onBody(_ context: OpaquePointer?, _ start: UnsafeMutablePointer<UInt8>?, _ count: Int) -> sfsistat {
    with(context) { $1.body($0, UnsafeBufferPointer(start: start, count: count).span) }
}

private func onEndOfMessage(_ context: OpaquePointer?) -> sfsistat { with(context) { $1.endOfMessage($0) } }

private func onAbort(_ context: OpaquePointer?) -> sfsistat {
    with(context) { _, connection in
        connection.abort()
        return SMFIS_CONTINUE
    }
}

private func onClose(_ context: OpaquePointer?) -> sfsistat {
    release(context)
    return SMFIS_CONTINUE
}

private func bytes(_ text: UnsafeMutablePointer<CChar>?) -> [UInt8] {
    guard let text else { return [] }
    return UnsafeRawBufferPointer(start: text, count: strlen(text)).map { $0 }
}

private func strings(_ vector: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var next = vector
    while let current = next, let text = current.pointee {
        result.append(bytes(text))
        next = current + 1
    }
    return result
}

/// nil for a client without a network address (local submission, or one the MTA does not know).
private func clientAddress(_ address: UnsafeMutablePointer<sockaddr>?) -> ClientAddress? {
    guard let address else { return nil }
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
        let raw = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_addr
        return ClientAddress(bytes: withUnsafeBytes(of: raw) { Array($0) })
    case AF_INET6:
        let raw = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr
        return ClientAddress(bytes: withUnsafeBytes(of: raw) { Array($0) })
    default: return nil
    }
}
