/// Messages that tests write by hand.
public enum TestMail {
    /// A message with CRLF line ends: given fields in order, then the body as it is.
    public static func make(
        from: String, to: String, subject: String = "A test", fields: [String] = [], body: String = "Hello.\r\n"
    ) -> [UInt8] {
        let head =
            ["From: <\(from)>", "To: <\(to)>", "Subject: \(subject)", "Date: Tue, 24 Nov 2026 10:00:00 +0000"] + fields
        return Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }

    /// Readable text of about that many bytes, always the same for the same seed.
    public static func prose(bytes: Int, seed: UInt64 = 7) -> String {
        // Large texts repeat one block: making them letter by letter takes longer than mailing them.
        if bytes > 1 << 18 {
            let block = prose(bytes: 1 << 17, seed: seed)
            let count = bytes / block.utf8.count
            return String(repeating: block, count: count)
                + prose(bytes: max(4, bytes - count * block.utf8.count), seed: seed)
        }
        var state = seed
        func next(_ bound: UInt64) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % bound)
        }
        let letters = Array("etaoinshrdlucmfwypvbgk".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes + 2)
        var column = 0
        while text.count < bytes - 2 {
            let word = 2 + next(8)
            for _ in 0..<word { text.append(letters[next(22)]) }
            column += word + 1
            if column > 66 {
                text += [13, 10]
                column = 0
            } else {
                text.append(32)
            }
        }
        // Cutting in the middle of a line end would leave a single CR, which mail must not have.
        if text.last == 10 { text.removeLast(2) }
        return String(decoding: text, as: UTF8.self) + "\r\n"
    }

    /// multipart/signed around an entity, signed by gpg.
    public static func signed(
        entity: [UInt8], from: String, to: String, subject: String = "Signed", fields: [String] = [],
        with keys: GnuPGHome,
        signer: String? = nil
    ) throws -> [UInt8] {
        let signature = try keys.signDetached(entity, as: signer ?? from)
        let crlf = String(decoding: signature, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .joined(separator: "\r\n")
        let head = make(
            from: from, to: to, subject: subject,
            fields: fields + [
                "MIME-Version: 1.0",
                "Content-Type: multipart/signed; micalg=pgp-sha512;\r\n protocol=\"application/pgp-signature\"; boundary=\"sig-b\"",
            ], body: "--sig-b\r\n")
        return head + entity
            + Array("\r\n--sig-b\r\nContent-Type: application/pgp-signature\r\n\r\n\(crlf)\r\n--sig-b--\r\n".utf8)
    }
}
