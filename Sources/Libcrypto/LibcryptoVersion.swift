import COpenSSL

/// The library that computes, as it is linked now.
public enum LibcryptoVersion {
    /// Such as `OpenSSL 3.0.15 3 Sep 2024`.
    public static var text: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }
}
