import Foundation
import TestSupport
import Testing

@Suite struct SystemdUnitTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("systemd").path

    @Test(.enabled(if: Shell.has("systemd-analyze"))) func exposureIsBelowTwo() throws {
        let result = try Shell.run(
            "systemd-analyze", ["security", "--offline=true", "--threshold=20", "\(Self.folder)/guardd.service"])
        #expect(result.status == 0, "\(result.text.suffix(300)) \(result.error)")
        #expect(result.text.contains("Overall exposure level for guardd.service"))
    }

    @Test func waitsLongerThanTheDrain() throws {
        let unit = try String(contentsOfFile: "\(Self.folder)/guardd.service", encoding: .utf8)
        for line in [
            "Type=notify", "ExecReload=/bin/kill -USR1 $MAINPID", "KillSignal=SIGUSR2", "TimeoutStopSec=90",
            "LimitCORE=0",
            "User=guardd", "SupplementaryGroups=postfix",
        ] {
            #expect(unit.contains("\n\(line)\n"), "\(line)")
        }
    }
}
