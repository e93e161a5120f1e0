/// A certificate authority of the openssl program in a folder of its own, which issues S/MIME certificates.
public struct OpenSSLAuthority: Sendable {
    public let folder: TemporaryDirectory

    /// The authority's certificate, PEM.
    public var certificateFile: String { folder.file("ca.pem") }

    public init() throws {
        folder = try TemporaryDirectory("ca")
        try Shell.check(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
                "-keyout", folder.file("ca.key"), "-out", folder.file("ca.pem"), "-subj", "/CN=Test Authority",
                "-addext", "basicConstraints=critical,CA:true", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            ])
    }

    /// Files of one who got a certificate.
    public struct Identity: Sendable {
        public let address: String
        public let certificateFile: String
        public let keyFile: String
        public let certificate: [UInt8]
        public let privateKey: [UInt8]

        public init(
            address: String, certificateFile: String, keyFile: String, certificate: [UInt8], privateKey: [UInt8]
        ) {
            self.address = address
            self.certificateFile = certificateFile
            self.keyFile = keyFile
            self.certificate = certificate
            self.privateKey = privateKey
        }
    }

    public enum Kind: String, Sendable, CaseIterable { case rsa, p256 }

    /// A key and a certificate for it.
    ///
    /// - Parameter usage: the extended key usage, as openssl calls it.
    public func issue(
        _ address: String, _ kind: Kind = .rsa, serial: UInt32? = nil, usage: String = "emailProtection"
    ) throws -> Identity {
        // Of its own, so that tests may ask for one name at once.
        let number = serial ?? UInt32.random(in: 1...UInt32.max)
        let base = "\(address)-\(kind.rawValue)-\(number)"
        let (key, request, certificate) = (
            folder.file(base + ".key"), folder.file(base + ".csr"), folder.file(base + ".pem")
        )
        let options =
            kind == .rsa
            ? ["-newkey", "rsa:2048"] : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        try Shell.check(
            "openssl", ["req", "-new", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=\(address)"] + options)
        try folder.write(
            base + ".ext",
            Array(
                """
                subjectAltName=email:\(address)
                keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement
                extendedKeyUsage=\(usage)
                basicConstraints=CA:false
                subjectKeyIdentifier=hash
                authorityKeyIdentifier=keyid

                """.utf8))
        try Shell.check(
            "openssl",
            [
                "x509", "-req", "-in", request, "-CA", folder.file("ca.pem"), "-CAkey", folder.file("ca.key"),
                "-set_serial", "\(number)", "-days", "365", "-sha256", "-extfile", folder.file(base + ".ext"), "-out",
                certificate,
            ])
        return Identity(
            address: address, certificateFile: certificate, keyFile: key,
            certificate: try folder.read(base + ".pem"), privateKey: try folder.read(base + ".key"))
    }
}
