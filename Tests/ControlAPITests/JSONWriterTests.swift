import Foundation
import Testing

@testable import ControlAPI

/// What is written means the same to another reader, and is what another writer writes but for the order of members.
struct JSONWriterTests {
    private struct Ring: Codable, Equatable {
        var name: String
        var id: Int64
        var small: UInt8
        var isCurrent: Bool
        var weight: Double
        var share: Float
        var note: String?
        var keys: [Ring]
        var words: [String]
        var marks: [String?]
        var table: [String: Int]
    }

    private func ring(_ depth: Int, _ text: String) -> Ring {
        Ring(
            name: text, id: depth.isMultiple(of: 2) ? .min : .max, small: 255, isCurrent: depth == 1, weight: 0.1 * 3,
            share: 0.25, note: depth == 0 ? nil : text,
            keys: depth == 0 ? [] : [ring(depth - 1, text + "é"), ring(0, "")], words: depth == 0 ? [] : ["", text],
            marks: [nil, text], table: ["a \"b\"": 1, "\u{1}": -2])
    }

    @Test(arguments: [
        "plain", "\"\\/ \u{8}\u{c}\n\r\t", String(String.UnicodeScalarView((0..<0x80).compactMap(Unicode.Scalar.init))),
        "ä € \u{1F512} \u{2028}\u{FEFF}", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n",
    ])
    func aReaderGetsBackWhatWasWritten(_ text: String) throws {
        let value = ring(3, text)
        let octets = try JSONWriter.write(value)
        #expect(try JSONDecoder().decode(Ring.self, from: Data(octets)) == value)
        #expect(try JSONReader.read(octets)["name"] == .string(Array(text.utf8)))
        let other = try JSONEncoder().encode(value)
        #expect(
            try JSONSerialization.jsonObject(with: Data(octets)) as? NSDictionary
                == JSONSerialization.jsonObject(with: other) as? NSDictionary)
        // Strings that need no choice are written alike.
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        #expect(try JSONWriter.write([text, "x"]) == Array(encoder.encode([text, "x"])) || text.contains("\u{8}"))
    }

    @Test func valuesThatAreNoObjects() throws {
        func text(_ value: some Encodable) throws -> String {
            String(decoding: try JSONWriter.write(value), as: UTF8.self)
        }
        #expect(try text("a/b") == "\"a/b\"")
        #expect(try text([Int]()) == "[]")
        #expect(try text([[1], [], [2, 3]]) == "[[1],[],[2,3]]")
        #expect(try text(UInt64.max) == "18446744073709551615")
        #expect(try text(Bool?.none) == "null")
        #expect(try text([true, nil]) == "[true,null]")
        #expect(try text([String: Int]()) == "{}")
        #expect(throws: EncodingError.self) { try text([Double.infinity]) }
    }

    /// Containers within containers, asked for by hand, one of which is left before its parent goes on.
    private struct ByHand: Encodable {
        enum Key: String, CodingKey { case a, b, c, d }

        func encode(to encoder: any Encoder) throws {
            var object = encoder.container(keyedBy: Key.self)
            var inner = object.nestedContainer(keyedBy: Key.self, forKey: .a)
            try inner.encode(1, forKey: .a)
            var list = inner.nestedUnkeyedContainer(forKey: .b)
            try list.encode("x")
            var deep = list.nestedContainer(keyedBy: Key.self)
            try deep.encodeNil(forKey: .c)
            _ = list.nestedUnkeyedContainer()
            try list.encode(2)
            #expect(list.count == 4)
            try object.encode([3], forKey: .b)
            try "y".encode(to: object.superEncoder(forKey: .c))
            try object.encode(false, forKey: .d)
        }
    }

    @Test func containersEndWhereTheirParentGoesOn() throws {
        let text = String(decoding: try JSONWriter.write(ByHand()), as: UTF8.self)
        #expect(text == #"{"a":{"a":1,"b":["x",{"c":null},[],2]},"b":[3],"c":"y","d":false}"#)
    }
}
