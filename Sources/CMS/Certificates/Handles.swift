import COpenSSL
import Glibc
import Libcrypto

/// Owns a `STACK_OF(...)` together with the objects in it.
final class ObjectStack {
    private let pointer: OpaquePointer
    private let release: (OpaquePointer) -> Void

    /// Takes over a stack; nil for none, as libcrypto answers for failures.
    init?(_ pointer: OpaquePointer?, release: @escaping (OpaquePointer) -> Void) {
        guard let pointer else { return nil }
        self.pointer = pointer
        self.release = release
    }

    deinit {
        for object in objects() { release(object) }
        OPENSSL_sk_free(pointer)
    }

    func withHandle<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(pointer)
    }

    /// Lends each object in turn.
    func forEach(_ body: (OpaquePointer) throws -> Void) rethrows {
        defer { withExtendedLifetime(self) {} }
        for object in objects() { try body(object) }
    }

    var count: Int { withHandle { Int(max(0, OPENSSL_sk_num($0))) } }

    private func objects() -> [OpaquePointer] {
        (0..<max(0, OPENSSL_sk_num(pointer))).compactMap { OPENSSL_sk_value(pointer, $0).map { OpaquePointer($0) } }
    }
}

/// Owns a `BIO` that collects what is written to it.
final class MemoryOutput {
    private let pointer: OpaquePointer

    init() throws {
        guard let pointer = BIO_new(BIO_s_mem()) else { throw CMSError.exhausted("BIO_new") }
        self.pointer = pointer
    }

    deinit { BIO_free(pointer) }

    func withHandle<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(pointer)
    }

    /// What was written so far.
    var bytes: [UInt8] {
        withHandle { bio in
            var start: UnsafeMutablePointer<CChar>?
            let count = guardd_bio_contents(bio, &start)
            guard let start, count > 0 else { return [] }
            return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
        }
    }
}

/// The DER encoding an `i2d` function makes.
func encodeDER(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) throws -> [UInt8] {
    let count = Int(encode(nil))
    guard count > 0 else { throw CMSError.library(.malformed, "an ASN.1 structure cannot be encoded") }
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
        var cursor = buffer.baseAddress
        written = Int(encode(&cursor)) == count ? count : 0
    }
    guard bytes.count == count else { throw CMSError.exhausted("encoding") }
    return bytes
}

/// Lends the octets to a `d2i` function and tells whether all of them were read.
func decodeDER<R>(
    _ bytes: [UInt8], _ decode: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> R?
) -> (object: R, isComplete: Bool)? {
    bytes.withUnsafeBufferPointer { buffer in
        var cursor = buffer.baseAddress
        guard let object = decode(&cursor, buffer.count) else {
            ERR_clear_error()
            return nil
        }
        return (object, cursor == buffer.baseAddress.map { $0 + buffer.count })
    }
}

/// The content of an `ASN1_STRING` of any type.
func octets(_ string: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
    guard let string, let data = ASN1_STRING_get0_data(string) else { return [] }
    return [UInt8](UnsafeBufferPointer(start: data, count: Int(max(0, ASN1_STRING_length(string)))))
}

/// An object identifier in dotted decimals.
func dotted(_ object: OpaquePointer?) -> String {
    guard let object else { return "" }
    var text = [CChar](repeating: 0, count: 256)
    let count = OBJ_obj2txt(&text, 255, object, 1)
    guard count > 0, count < 255 else { return "" }
    return String(decoding: text.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Unix seconds of an `ASN1_TIME`; nil where it is none.
func unixSeconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
    var fields = tm()
    guard let time, ASN1_TIME_to_tm(time, &fields) == 1 else {
        ERR_clear_error()
        return nil
    }
    return Int64(timegm(&fields))
}
