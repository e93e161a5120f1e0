import COpenSSL

/// Builds the OSSL_PARAM lists that libcrypto's algorithms take, for the duration of a call.
enum Parameters {
    enum Value {
        case string(String, String)
        case octets(String, UnsafeRawPointer?, Int)
        case number(String, UInt32)
    }

    static func with<R>(_ values: [Value], _ body: (UnsafePointer<OSSL_PARAM>) -> R) -> R {
        // Every name, text and number needs an address that outlives the list.
        var owned: [UnsafeMutableRawPointer] = []
        defer { owned.forEach { $0.deallocate() } }
        func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
            let bytes = Array(text.utf8CString)
            let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
            pointer.initialize(from: bytes, count: bytes.count)
            owned.append(UnsafeMutableRawPointer(pointer))
            return pointer
        }
        var list: [OSSL_PARAM] = values.map { value in
            switch value {
            case .string(let name, let text):
                return OSSL_PARAM_construct_utf8_string(copy(name), copy(text), 0)
            case .octets(let name, let pointer, let count):
                return OSSL_PARAM_construct_octet_string(copy(name), UnsafeMutableRawPointer(mutating: pointer), count)
            case .number(let name, let number):
                let pointer = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
                pointer.initialize(to: number)
                owned.append(UnsafeMutableRawPointer(pointer))
                return OSSL_PARAM_construct_uint32(copy(name), pointer)
            }
        }
        list.append(OSSL_PARAM_construct_end())
        return list.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("the list holds at least its end") }
            return body(base)
        }
    }

    static func withString<R>(_ name: String, _ text: String, _ body: (UnsafePointer<OSSL_PARAM>) -> R) -> R {
        with([.string(name, text)], body)
    }
}
