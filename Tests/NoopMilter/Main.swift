import CMilter
import Glibc

// The least that a filter which rewrites content must do, on the same library as guardd: the baseline of the
// measurements and the witness of what Postfix hands to a filter.

/// What is kept of one connection.
private final class Connection {
    var header: [UInt8] = []
    var body: [UInt8] = []
}

private enum Mode: String { case accept, collect, replace, record }

// Set once before smfi_main and only read afterwards.
nonisolated(unsafe) private var mode = Mode.accept
nonisolated(unsafe) private var folder = "."

private func connection(_ context: OpaquePointer?) -> Connection? {
    smfi_getpriv(context).map { Unmanaged<Connection>.fromOpaque($0).takeUnretainedValue() }
}

private func onNegotiate(
    _ context: OpaquePointer?, _ f0: UInt, _ f1: UInt, _ f2: UInt, _ f3: UInt,
    _ actions: UnsafeMutablePointer<UInt>?, _ steps: UnsafeMutablePointer<UInt>?, _ p2: UnsafeMutablePointer<UInt>?,
    _ p3: UnsafeMutablePointer<UInt>?
) -> sfsistat {
    actions?.pointee = UInt(SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY) & f0
    // Values with their exact white space; nothing is left out, so that every step costs what it costs.
    steps?.pointee = UInt(SMFIP_HDR_LEADSPC) & f1
    p2?.pointee = 0
    p3?.pointee = 0
    return sfsistat(SMFIS_CONTINUE)
}

private func onConnect(
    _ context: OpaquePointer?, _ host: UnsafeMutablePointer<CChar>?, _ address: UnsafeMutablePointer<sockaddr>?
) -> sfsistat {
    smfi_setpriv(context, Unmanaged.passRetained(Connection()).toOpaque())
    return sfsistat(SMFIS_CONTINUE)
}

private func onSender(
    _ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> sfsistat {
    forget(context)
    return sfsistat(SMFIS_CONTINUE)
}

private func onRecipient(
    _ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> sfsistat { sfsistat(SMFIS_CONTINUE) }

private func onData(_ context: OpaquePointer?) -> sfsistat { sfsistat(SMFIS_CONTINUE) }

private func onHeader(
    _ context: OpaquePointer?, _ name: UnsafeMutablePointer<CChar>?, _ value: UnsafeMutablePointer<CChar>?
) -> sfsistat {
    guard let connection = connection(context), let name, let value else { return sfsistat(SMFIS_CONTINUE) }
    append(name, to: &connection.header)
    connection.header.append(58)
    append(value, to: &connection.header)
    connection.header += [13, 10]
    return sfsistat(SMFIS_CONTINUE)
}

private func append(_ text: UnsafeMutablePointer<CChar>, to output: inout [UInt8]) {
    output.append(contentsOf: UnsafeRawBufferPointer(start: text, count: strlen(text)))
}

private func onBody(_ context: OpaquePointer?, _ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int) -> sfsistat {
    if mode != .accept { connection(context)?.body.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count)) }
    return sfsistat(SMFIS_CONTINUE)
}

private func onEndOfMessage(_ context: OpaquePointer?) -> sfsistat {
    guard let connection = connection(context) else { return sfsistat(SMFIS_TEMPFAIL) }
    switch mode {
    case .accept, .collect: break
    case .replace:
        // What turning a mail into multipart/encrypted asks for: some header edits, then the body.
        let type = "multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=\"b\""
        guard change(context, "Content-Type", type), change(context, "MIME-Version", "1.0") else {
            return sfsistat(SMFIS_TEMPFAIL)
        }
        let result = connection.body.withUnsafeMutableBufferPointer {
            smfi_replacebody(context, $0.baseAddress, CInt($0.count))
        }
        if result != MI_SUCCESS { return sfsistat(SMFIS_TEMPFAIL) }
    case .record:
        var macro = Array("i".utf8CString)
        guard let id = smfi_getsymval(context, &macro), record(String(cString: id), connection) else {
            return sfsistat(SMFIS_TEMPFAIL)
        }
    }
    return sfsistat(SMFIS_CONTINUE)
}

private func change(_ context: OpaquePointer?, _ name: String, _ value: String) -> Bool {
    var name = Array(name.utf8CString)
    var value = Array(value.utf8CString)
    return smfi_chgheader(context, &name, 1, &value) == MI_SUCCESS
}

/// Written under a passing name first: whoever sees the file sees all of it.
private func record(_ id: String, _ connection: Connection) -> Bool {
    let final = "\(folder)/\(id).eml"
    guard let file = fopen(final + ".part", "w") else { return false }
    let bytes = connection.header + [13, 10] + connection.body
    let written = fwrite(bytes, 1, bytes.count, file)
    return fclose(file) == 0 && written == bytes.count && rename(final + ".part", final) == 0
}

private func forget(_ context: OpaquePointer?) {
    guard let connection = connection(context) else { return }
    connection.header.removeAll(keepingCapacity: true)
    connection.body.removeAll(keepingCapacity: true)
}

private func onAbort(_ context: OpaquePointer?) -> sfsistat {
    forget(context)
    return sfsistat(SMFIS_CONTINUE)
}

private func onClose(_ context: OpaquePointer?) -> sfsistat {
    if let held = smfi_getpriv(context) {
        Unmanaged<Connection>.fromOpaque(held).release()
        smfi_setpriv(context, nil)
    }
    return sfsistat(SMFIS_CONTINUE)
}

private func complain(_ text: String) { _ = text.withCString { write(2, $0, strlen($0)) } }

@main
struct Main {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let chosen = Mode(rawValue: arguments[2]) else {
            complain("usage: noop-milter SOCKET accept|collect|replace|record [FOLDER]\n")
            exit(64)
        }
        mode = chosen
        if arguments.count > 3 { folder = arguments[3] }
        signal(SIGPIPE, SIG_IGN)
        umask(0)  // the mail server that connects is another user
        var description = smfiDesc()
        description.xxfi_name = strdup("noop-milter")
        description.xxfi_version = SMFI_VERSION
        description.xxfi_flags = UInt(SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY)
        description.xxfi_connect = onConnect
        description.xxfi_envfrom = onSender
        description.xxfi_envrcpt = onRecipient
        description.xxfi_data = onData
        description.xxfi_header = onHeader
        description.xxfi_body = onBody
        description.xxfi_eom = onEndOfMessage
        description.xxfi_abort = onAbort
        description.xxfi_close = onClose
        description.xxfi_negotiate = onNegotiate
        var socket = Array(arguments[1].utf8CString)
        guard smfi_register(description) == MI_SUCCESS, smfi_setconn(&socket) == MI_SUCCESS else {
            complain("noop-milter: cannot use \(arguments[1])\n")
            exit(70)
        }
        exit(smfi_main() == MI_SUCCESS ? 0 : 70)
    }
}
