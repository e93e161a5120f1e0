import Foundation
import Guard
import Testing

@testable import Settings

/// `[guard.sessions]`, `[guard.passwords]` and `[guard.recovery]`.
struct GuardSettingsTests {
    private func parse(_ text: String) throws -> Configuration {
        try Configuration(parsing: text, file: "guardd.toml", hostname: "mx.example.org")
    }

    @Test func commentedDefaultsAreTheDefaults() throws {
        let sample = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../etc/guardd.toml")
        let text = try String(contentsOf: sample, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "### Sessions, passwords").last)
        let lines = try #require(section.components(separatedBy: "\n###").first).split(separator: "\n").compactMap {
            line in
            line.hasPrefix("[guard.") ? line : line.hasPrefix("# ") && line.contains(" = ") ? line.dropFirst(2) : nil
        }
        #expect(lines.count > 16)
        #expect(try parse(lines.joined(separator: "\n")).guard == GuardConfiguration())
    }

    @Test func settingsAreRead() throws {
        let configuration = try parse(
            """
            [guard.sessions]
            idle = "2 h"
            longest = "2 d"
            token = "10 min"
            login_domain = "Example.ORG"
            dovecot = "/run/dovecot/auth-client"
            guesses_per_minute = 7
            [guard.passwords]
            min_length = 12
            generated_length = 20
            failures = 3
            lock = "1 min"
            longest_lock = "1 h"
            accept_pkcs1 = true
            argon2_passes = 2
            argon2_lanes = 1
            argon2_memory = "32 MiB"
            [guard.recovery]
            offered = true
            users_may_delete = false
            offline_certificate = "/etc/guardd/recovery.asc"
            """
        ).guard
        var settings = GuardSettings()
        settings.sessions.idleSeconds = 7200
        settings.sessions.longestSeconds = 172_800
        settings.sessions.tokenSeconds = 600
        settings.sessions.loginDomain = "example.org"
        settings.sessions.guessesPerMinute = 7
        settings.passwords.minimumLength = 12
        settings.passwords.generatedLength = 20
        settings.passwords.failuresBeforeLock = 3
        settings.passwords.lockSeconds = 60
        settings.passwords.longestLockSeconds = 3600
        settings.passwords.acceptsPKCS1 = true
        settings.passwords.argon2 = Argon2Cost(passes: 2, lanes: 1, memoryKiB: 32 << 10)
        settings.recovery.isOffered = true
        settings.recovery.usersMayDelete = false
        #expect(configuration.settings == settings)
        #expect(configuration.dovecot == "/run/dovecot/auth-client")
        #expect(configuration.recoveryCertificate == "/etc/guardd/recovery.asc")
    }

    @Test(arguments: [
        "[guard.sessions]\nidle = 1", "[guard.sessions]\ndovecot = \"here\"", "[guard.passwords]\nfailures = 0",
        "[guard.passwords]\nunknown = 1", "[guard.recovery]\noffered = \"yes\"",
        "[guard.recovery]\noffline_certificate = \"here\"",
    ]) func mistakesAreNamed(_ text: String) {
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect(error?.problems.count == 1)
    }
}
