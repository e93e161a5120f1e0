import CMS
import Libcrypto
import TestSupport
import Testing

/// Alone, because it looks through the memory of the whole process.
@Suite(.serialized, .disabled(if: Sanitizer.isActive)) struct KeySecrecyTests {
    @Test func leavesNothingOfAKeyBehind() throws {
        let password = SecretBytes(copying: [0x78])
        var masked: [UInt8] = []
        do {
            let key = try CMSPrivateKey.generate(.p256)
            // The scalar, without its first octets, masked for the search.
            masked = key.pkcs8.withBytes { bytes in (40..<64).map { bytes[$0] ^ 0xA5 } }
            let locked = try key.lockedPEM(password: password)
            let again = try CMSPrivateKey(locked: locked, password: password)
            #expect(again.pkcs8 == key.pkcs8)
        }
        #expect(try MemoryScan.occurrences(ofMasked: masked) == 0)
    }
}
