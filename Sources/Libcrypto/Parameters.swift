import COpenSSL

/// The names and values that libcrypto's algorithms and keys take, as its OSSL_PARAM lists want them. Secret values stay in
/// locked memory.
package struct Parameters {
    private enum Value {
        /// In the machine's order.
        case number(SecretBytes)
        case secret(SecretBytes)
        case octets([UInt8])
        case text(String)
        case integer(UInt32)
    }
    private var values: [(name: String, value: Value)] = []

    package init() {}

    /// One text alone.
    init(_ name: String, _ text: String) { self.text(name, text) }

    /// An integer, most significant octet first.
    package mutating func number(_ name: String, _ bytes: [UInt8]) { number(name, SecretBytes(copying: bytes)) }

    /// An integer, most significant octet first.
    package mutating func number(_ name: String, _ bytes: SecretBytes) {
        values.append((name, .number(bytes.count > 0 ? bytes.reversed() : SecretBytes(copying: [0]))))
    }

    package mutating func octets(_ name: String, _ bytes: [UInt8]) { values.append((name, .octets(bytes))) }

    package mutating func octets(_ name: String, _ bytes: SecretBytes) { values.append((name, .secret(bytes))) }

    package mutating func text(_ name: String, _ text: String) { values.append((name, .text(text))) }

    package mutating func integer(_ name: String, _ integer: UInt32) { values.append((name, .integer(integer))) }

    /// Lends the list for the duration of `body`.
    package func withList<R>(_ body: (UnsafeMutablePointer<OSSL_PARAM>) -> R) -> R {
        // Every name and value needs an address that outlives the list.
        var owned: [UnsafeMutableRawPointer] = []
        defer { owned.forEach { $0.deallocate() } }
        func copy<T>(_ elements: [T]) -> UnsafeMutablePointer<T> {
            let pointer = UnsafeMutablePointer<T>.allocate(capacity: max(elements.count, 1))
            elements.withUnsafeBufferPointer { source in
                if let base = source.baseAddress { pointer.initialize(from: base, count: source.count) }
            }
            owned.append(UnsafeMutableRawPointer(pointer))
            return pointer
        }
        func copy(_ text: String) -> UnsafeMutablePointer<CChar> { copy(Array(text.utf8CString)) }
        var list: [OSSL_PARAM] = values.map { name, value in
            switch value {
            case .number(let secret):
                secret.withPointer {
                    OSSL_PARAM_construct_BN(copy(name), UnsafeMutablePointer(mutating: $0), secret.count)
                }
            case .secret(let secret):
                secret.withPointer {
                    OSSL_PARAM_construct_octet_string(copy(name), UnsafeMutablePointer(mutating: $0), secret.count)
                }
            case .octets(let bytes): OSSL_PARAM_construct_octet_string(copy(name), copy(bytes), bytes.count)
            case .text(let text): OSSL_PARAM_construct_utf8_string(copy(name), copy(text), 0)
            case .integer(let integer): OSSL_PARAM_construct_uint32(copy(name), copy([integer]))
            }
        }
        list.append(OSSL_PARAM_construct_end())
        defer { withExtendedLifetime(values) {} }
        let pointer = UnsafeMutablePointer<OSSL_PARAM>.allocate(capacity: list.count)
        owned.append(UnsafeMutableRawPointer(pointer))
        for (index, parameter) in list.enumerated() { (pointer + index).initialize(to: parameter) }
        return body(pointer)
    }
}

extension SecretBytes {
    /// The other order of octets: libcrypto takes and gives integers in the machine's order.
    func reversed() -> SecretBytes {
        SecretBytes(count: count) { target in
            withBytes { source in
                for index in 0..<source.count { target[index] = source[source.count - 1 - index] }
            }
        }
    }
}
