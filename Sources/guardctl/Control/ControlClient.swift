import Foundation
import Glibc
import Libcrypto

/// Why an operation of the control API did not do what was asked.
struct ControlFailure: Error, CustomStringConvertible {
    let description: String
    /// The API refused; otherwise it could not be reached.
    let isRefusal: Bool
}

/// Speaks HTTP/1.1 to the control API over its unix socket: one request a connection, blocking, within a minute.
struct ControlClient {
    let socket: String

    /// A field of the form of a request.
    enum Field {
        case text(String)
        case secret(SecretBytes)
        case octets([UInt8])
    }

    /// An answer that was no error.
    struct Answer {
        let type: String
        let body: [UInt8]

        /// The JSON of the body; nil where it is none.
        var json: Any? { try? JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed) }
        /// The member `data`, or the whole where there is none.
        var data: Any? { (json as? [String: Any])?["data"] ?? json }
    }

    /// Calls an operation with its parameters as a form.
    /// - Throws: `ControlFailure`.
    func call(
        _ path: String, _ action: String, query: [(String, String)] = [], form: [(String, Field)] = [],
        method: String = "POST"
    ) throws -> Answer {
        let target =
            path + "?"
            + (([("action", action)] + query).map { "\($0.0)=\($0.1.percentEncoded)" }.joined(separator: "&"))
        var body: [UInt8] = []
        // It may hold passwords.
        defer { for index in body.indices { body[index] = 0 } }
        for (name, field) in form {
            if !body.isEmpty { body.append(UInt8(ascii: "&")) }
            body += Array("\(name)=".utf8)
            switch field {
            case .text(let text): for byte in text.utf8 { body.appendPercentEncoded(byte) }
            case .octets(let octets): for byte in octets { body.appendPercentEncoded(byte) }
            case .secret(let secret):
                body.reserveCapacity(body.count + secret.count * 3)
                secret.withBytes { bytes in for index in bytes.indices { body.appendPercentEncoded(bytes[index]) } }
            }
        }
        var head =
            "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: application/json\r\n"
        if let language = getenv("LANG").map({ String(cString: $0) }), language.hasPrefix("de") {
            head += "Accept-Language: de\r\n"
        }
        if method == "POST" {
            head += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.count)\r\n"
        }
        return try Self.parse(try exchange(Array((head + "\r\n").utf8), body))
    }

    // MARK: The connection

    private func exchange(_ head: [UInt8], _ body: [UInt8]) throws -> [UInt8] {
        let descriptor = try connected()
        defer { close(descriptor) }
        try send(descriptor, head)
        // An answer may come before the end of a request that is too large.
        try? send(descriptor, body)
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == ECONNRESET, !answer.isEmpty { return answer }
            guard count >= 0 else { throw unreachable("does not answer") }
            if count == 0 { return answer }
            answer += chunk[..<count]
        }
    }

    private func connected() throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(socket.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw unreachable("the path is too long")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw unreachable(String(cString: strerror(errno))) }
        // Key generation may take a while.
        var limit = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw unreachable("\(reason); does guardd run, and has its configuration a section [control]?")
        }
        return descriptor
    }

    private func send(_ descriptor: Int32, _ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw unreachable(String(cString: strerror(errno))) }
            rest = rest.dropFirst(count)
        }
    }

    private func unreachable(_ reason: String) -> ControlFailure {
        ControlFailure(description: "\(socket): \(reason)", isRefusal: false)
    }

    // MARK: The answer

    private static func parse(_ bytes: [UInt8]) throws -> Answer {
        let broken = ControlFailure(description: "the control API gave no answer that can be read", isRefusal: false)
        guard let cut = bytes.firstRange(of: [13, 10, 13, 10]) else { throw broken }
        let lines = String(decoding: bytes[..<cut.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, let status = Int(words[1]) else { throw broken }
        var type = ""
        var length: Int?
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = String(line[line.index(after: colon)...]).trimmed
            switch line[..<colon].lowercased() {
            case "content-type": type = value
            case "content-length": length = Int(value)
            default: break
            }
        }
        let body = Array(bytes[cut.upperBound...])
        guard length == body.count else { throw broken }
        let answer = Answer(type: type, body: body)
        if let object = answer.json as? [String: Any], let error = object["error"] as? String {
            let code = object["code"] as? String ?? "?"
            let detail = object["error_desc"] as? String ?? ""
            throw ControlFailure(description: "\(error) (\(code): \(detail))", isRefusal: true)
        }
        guard (200..<300).contains(status) else {
            throw ControlFailure(description: "the control API answered with status \(status)", isRefusal: true)
        }
        return answer
    }
}

extension String {
    /// For the query of a request.
    fileprivate var percentEncoded: String {
        var octets: [UInt8] = []
        for byte in utf8 { octets.appendPercentEncoded(byte) }
        return String(decoding: octets, as: UTF8.self)
    }
}

extension [UInt8] {
    fileprivate mutating func appendPercentEncoded(_ byte: UInt8) {
        if (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) {
            append(byte)
        } else {
            let digits = Array("0123456789ABCDEF".utf8)
            self += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
}
