import Foundation
import Testing

@testable import ProtectedMail

@Suite struct TriggerScanTests {
    private func fires(_ bytes: [UInt8], piece: Int = 1 << 20) -> Bool {
        var scan = TriggerScan()
        for start in stride(from: 0, to: bytes.count, by: piece) {
            scan.push(bytes[start..<min(bytes.count, start + piece)].span)
        }
        return scan.hasFired
    }

    @Test(arguments: [
        "-----BEGIN PGP SIGNED MESSAGE-----", "x -----BEGIN PGP MESSAGE-----", "Content-Type: Multipart/Signed; a=b",
        "content-type: application/PGP-signature", "multipart/encrypted;", "application/pgp-encrypted", "BEGBEGIN PGP",
    ]) func findsMarks(text: String) {
        for piece in 1...text.utf8.count { #expect(fires(Array(text.utf8), piece: piece)) }
    }

    @Test func findsArmorInBase64AtEveryOffsetAndLineLength() {
        for offset in 0..<9 {
            let text = String(repeating: "y", count: offset) + "\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n"
            let encoded = Data(text.utf8).base64EncodedString()
            for width in [4, 7, 19, 76] {
                var lines = ""
                for (index, character) in encoded.enumerated() {
                    lines.append(character)
                    if index % width == width - 1 { lines += "\r\n" }
                }
                #expect(fires(Array(lines.utf8)), "offset \(offset), lines of \(width)")
            }
        }
    }

    @Test func letsOrdinaryMailBy() {
        let text =
            "Dear all,\r\n\r\nplease begin. PGP is on page 3; see multipart/mixed and pgp-sign.\r\n-- \r\nBob\r\n"
        #expect(!fires(Array(text.utf8)))
    }
}
