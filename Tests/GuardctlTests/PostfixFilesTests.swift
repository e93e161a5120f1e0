import Testing

@testable import guardctl

struct PostfixFilesTests {
    @Test func continuedLinesAndComments() {
        let text = "a = 1\n# comment\n\n  # more\n  2\r\nb=3\n"
        #expect(
            LogicalLine.split(text) == [LogicalLine(number: 1, text: "a = 1 2"), LogicalLine(number: 6, text: "b=3")])
    }

    @Test(arguments: [
        ("$a", "1"), ("x${a}y$(a)", "x1y1"), ("${a?yes}", "yes"), ("${none?yes}", ""), ("${none:no}", "no"),
        ("${a?{yes}:{no}}", "yes"), ("${none?{yes}:{no $a}}", "no 1"), ("$$a", "$a"), ("$", ""), ("${a", ""),
        ("$loop", ""),
    ])
    func names(_ text: String, _ expected: String) {
        let parameters = PostfixParameters(parsing: "a = 1\nloop = $loop\nvalue = \(text)\n", file: "main.cf")
        if text == "$loop" {
            // Ends, whatever it gives.
            #expect(parameters["value"].value.count < 100)
        } else {
            #expect(parameters["value"].value == expected)
        }
    }

    @Test func theLastLineCounts() {
        let parameters = PostfixParameters(parsing: "a = 1\nb = 2\na = 3\n", file: "main.cf")
        #expect(parameters["a"] == .init(value: "3", place: .init(file: "main.cf", line: 3)))
        #expect(parameters["milter_default_action"] == .init(value: "tempfail", place: nil))
    }

    @Test(arguments: [("30", 30), ("30s", 30), ("5m", 300), ("2h", 7200), ("1d", 86400), ("1w", 604800)])
    func times(_ text: String, _ seconds: Int) { #expect(PostfixParameters.seconds(text) == seconds) }

    @Test(arguments: ["", "x", "1y", "99999999999999999999", "9223372036854775807w"])
    func noTimes(_ text: String) { #expect(PostfixParameters.seconds(text) == nil) }

    @Test func services() throws {
        let services = MasterService.parse(
            """
            smtp inet n - y - - smtpd -o a=1 -ob=2
              -o { c = 3 4 } -v
            smtp unix - - n - - smtp
            short line
            """, file: "master.cf")
        #expect(services.map(\.title) == ["smtp/inet", "smtp/unix"])
        let first = try #require(services.first)
        #expect(first.isChrooted && first.command == "smtpd")
        #expect(["a", "b", "c"].map { first.options[$0].value } == ["1", "2", "3 4"])
    }

    @Test func milters() {
        #expect(
            MilterEntry.parse("inet:a:1, {unix:/b, default_action = accept, connect_timeout=3s} unix:c") == [
                MilterEntry(address: "inet:a:1", options: [:]),
                MilterEntry(address: "unix:/b", options: ["default_action": "accept", "connect_timeout": "3s"]),
                MilterEntry(address: "unix:c", options: [:]),
            ])
    }
}
