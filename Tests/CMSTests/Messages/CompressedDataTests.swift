import TestSupport
import Testing

@testable import CMS

@Suite struct CompressedDataTests {
    private func message(_ stream: [UInt8], type: ObjectID = .data, algorithm: ObjectID = .zlib) -> [UInt8] {
        let data = DER.sequence(
            DER.integer(0), DER.algorithm(algorithm),
            DER.sequence(DER.objectID(type), DER.element(0xa0, DER.octetString(stream))))
        return DER.sequence(DER.objectID(.compressedData), DER.element(0xa0, data))
    }

    private func deflated(_ script: String) throws -> [UInt8] {
        try Shell.check("python3", ["-c", "import zlib,sys;sys.stdout.buffer.write(zlib.compress(\(script),9))"])
    }

    @Test func expands() throws {
        // One stored block (RFC 1951 section 3.2.4) and its Adler-32.
        let stored: [UInt8] = [0x78, 0x01, 0x01, 0x02, 0x00, 0xfd, 0xff, 0x68, 0x69, 0x01, 0x3b, 0x00, 0xd2]
        let reader = try CompressedDataReader(CMSContent.parse(message(stored)))
        #expect(try reader.content() == Array("hi".utf8))
        #expect(reader.findings.isEmpty)
        var damaged = stored
        damaged[12] ^= 1
        for stream in [damaged, Array(stored.dropLast()), [], [0, 1, 2]] {
            #expect(throws: CMSError(.malformed, "")) {
                try CompressedDataReader(CMSContent.parse(message(stream))).content()
            }
        }
        #expect(throws: CMSError(.unsupported, "")) {
            try CompressedDataReader(CMSContent.parse(message(stored, algorithm: .data)))
        }
        #expect(
            try CompressedDataReader(CMSContent.parse(message(stored, type: .signedData))).findings == [
                .nested(.signed)
            ])
    }

    @Test(.enabled(if: Shell.has("python3"))) func growthIsBounded() throws {
        let stream = try deflated("b'a'*3000000")
        #expect(stream.count < 10_000)
        #expect(try CompressedDataReader(CMSContent.parse(message(stream))).content().count == 3_000_000)
        var policy = CMSPolicy()
        policy.maximumExpandedSize = 2_999_999
        #expect(throws: CMSError(.limitExceeded, "")) {
            try CompressedDataReader(CMSContent.parse(message(stream), policy: policy)).content()
        }
        let text = try deflated("bytes(range(256))*500")
        let content = try CompressedDataReader(CMSContent.parse(message(text))).content()
        #expect(content == (0..<128_000).map { UInt8(truncatingIfNeeded: $0) })
    }
}
