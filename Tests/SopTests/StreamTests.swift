import Foundation
import TestSupport
import Testing

@Suite struct StreamTests {
    let sop: Sop
    let alice: (key: String, cert: String)
    let data = Array("through a descriptor\n".utf8)

    init() throws {
        sop = try Sop()
        alice = try sop.identity("alice")
    }

    @Test func descriptorsAndVariables() throws {
        let message = try sop.shell(
            "PW=geheim $SOP encrypt --with-password=@ENV:PW --sign-with @FD:5 @FD:4 4<alice.cert 5<alice.key",
            input: data)
        #expect(message.status == 0)
        let plain = try sop.shell(
            "PW=geheim $SOP decrypt --with-password @ENV:PW --verifications-out=@FD:6 --verify-with=alice.cert "
                + "6>report", input: message.output)
        #expect(plain.output == data)
        #expect(text(try sop.read(sop.fresh("report"))).contains("alice.cert"))
        #expect(try sop.shell("$SOP sign alice.key >sig", input: data).status == 0)
        #expect(try sop.shell("$SOP verify @FD:3 alice.cert 3<sig", input: data).status == 0)
    }

    /// A caller that writes all of its input before it reads any output.
    @Test(.timeLimit(.minutes(2)), arguments: ["encrypt", "inline-sign", "armor"])
    func callersThatWriteFirst(_ subcommand: String) throws {
        var input = [UInt8](repeating: 0, count: 8 << 20)
        for index in input.indices { input[index] = UInt8(truncatingIfNeeded: index &* 167 >> 3) }
        // One literal packet, for armor.
        if subcommand == "armor" { input = [0xCB, 0xFF, 0, 0x80, 0, 6, 0x62, 0, 0, 0, 0, 0] + input }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Sop.program)
        process.arguments =
            switch subcommand {
            case "encrypt": ["encrypt", alice.cert]
            case "inline-sign": ["inline-sign", alice.key]
            default: ["armor"]
            }
        let (into, outOf) = (Pipe(), Pipe())
        process.standardInput = into
        process.standardOutput = outOf
        try process.run()
        try into.fileHandleForWriting.write(contentsOf: Data(input))
        try into.fileHandleForWriting.close()
        let output = try outOf.fileHandleForReading.readToEnd().map(Array.init) ?? []
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        switch subcommand {
        case "encrypt": #expect(try sop.check("decrypt", alice.key, input: output) == input)
        case "inline-sign": #expect(try sop.check("inline-verify", alice.cert, input: output) == input)
        default: #expect(try sop.check("dearmor", input: output) == input)
        }
    }

    /// Sixty-four MiB through little memory, in every direction. A sanitizer alone takes more address space.
    @Test(.disabled(if: Sanitizer.isActive)) func memoryDoesNotGrowWithTheMessage() throws {
        let script = """
            ulimit -v 262144
            head -c 67108864 /dev/zero | $SOP encrypt alice.cert | $SOP decrypt alice.key | cksum
            head -c 67108864 /dev/zero | $SOP inline-sign alice.key | $SOP inline-verify alice.cert | cksum
            head -c 67108864 /dev/zero | $SOP inline-sign --as=clearsigned alice.key | $SOP inline-verify alice.cert | cksum
            head -c 67108864 /dev/zero | cksum
            """
        let lines = try sop.shell(script).text.split(separator: "\n")
        #expect(lines.count == 4 && Set(lines).count == 1)
    }
}
