import Libcrypto
import Testing

@testable import MailFlow

@Suite struct MarkerTests {
    private let key = SecretBytes(copying: [UInt8](repeating: 7, count: 32))
    private let digest = [UInt8](repeating: 1, count: 32)

    @Test func coversItsRecipientsAndAnyPartOfThem() throws {
        let made = try #require(try Marker(key: key, bodyDigest: digest, recipients: ["a@x", "b@x"], expiry: 100))
        let read = try #require(Marker(parsing: Array(made.value.utf8)))
        #expect(read == made)
        #expect(try read.covers(key: key, bodyDigest: digest, recipients: ["b@x", "a@x"], now: 100))
        #expect(try read.covers(key: key, bodyDigest: digest, recipients: ["b@x"], now: 0))
    }

    @Test func proveNothingElse() throws {
        let marker = try #require(try Marker(key: key, bodyDigest: digest, recipients: ["a@x"], expiry: 100))
        let other = SecretBytes(copying: [UInt8](repeating: 8, count: 32))
        #expect(try !marker.covers(key: key, bodyDigest: digest, recipients: ["a@x"], now: 101))
        #expect(try !marker.covers(key: key, bodyDigest: digest, recipients: ["a@x", "c@x"], now: 1))
        #expect(try !marker.covers(key: key, bodyDigest: [UInt8](repeating: 2, count: 32), recipients: ["a@x"], now: 1))
        #expect(try !marker.covers(key: other, bodyDigest: digest, recipients: ["a@x"], now: 1))
        #expect(try !marker.covers(key: key, bodyDigest: digest, recipients: [], now: 1))
        // A later expiry is another MAC.
        let stretched = marker.value.replacing("x=100", with: "x=999")
        #expect(
            try Marker(parsing: Array(stretched.utf8))?.covers(
                key: key, bodyDigest: digest, recipients: ["a@x"], now: 1) == false)
    }

    @Test(arguments: ["", "v=1", "v=2; x=1; m=a", "v=1; x=a; m=b", "v=1; x=1; m=", "v=1; x=1; m=a; n=b"])
    func unreadable(_ value: String) {
        #expect(Marker(parsing: Array(value.utf8)) == nil)
    }
}

@Suite struct SMTPReplyTests {
    @Test func addressesCannotEndTheLine() {
        let reply = SMTPReply(code: 550, enhanced: "5.7.1", text: "<a\r\n250 ok\u{0}é>")
        #expect(reply.text == "<a?250 ok??>" || reply.text == "<a??250 ok??>")
        #expect(SMTPReply(code: 550, enhanced: "5.7.1", text: String(repeating: "a", count: 5000)).text.count == 400)
    }

    @Test func logLinesStayOneLine() {
        var record = MessageRecord()
        record.queueID = "A\nB"
        record.reasons = ["x\r\ny"]
        #expect(!record.line.contains("\n") && !record.line.contains("\r"))
    }

    @Test func budgetIsSharedAndBounded() {
        let budget = Budget(limit: 10)
        #expect(budget.reserve(6))
        #expect(!budget.reserve(5))
        #expect(budget.reserve(4))
        #expect(budget.isExhausted)
        budget.release(10)
        #expect(budget.inUse == 0)
        #expect(!budget.reserve(.max))
    }
}
