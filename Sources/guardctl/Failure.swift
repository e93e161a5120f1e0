import ArgumentParser
import CMS
import Foundation
import KeyStore
import Settings

/// Ends a command with a sentence on standard error and an exit status.
enum Failure {
    /// Runs `body`; turns what it throws into a sentence: status 1 for what was refused or not found, 2 for what could not
    /// be read.
    static func reported(_ body: () throws -> Void) throws {
        do { try body() } catch let error as KeyStoreError {
            say(error.message)
            switch error.code {
            case .notFound, .ambiguous, .exists, .hasSecretKey, .passwordRequired, .wrongPassword: throw ExitCode(1)
            default: throw ExitCode(2)
            }
        } catch let error as CMSError {
            say(error.message)
            switch error.code {
            case .wrongPassword, .passwordNeeded, .keyMismatch, .badSignature, .refusedByPolicy: throw ExitCode(1)
            default: throw ExitCode(2)
            }
        } catch let error as ControlFailure {
            say(error.description)
            throw ExitCode(error.isRefusal ? 1 : 2)
        } catch let error as ConfigurationError {
            say(error.description)
            throw ExitCode(2)
        } catch let error as InputError {
            say(error.description)
            throw ExitCode(2)
        }
    }

    static func say(_ text: String) { FileHandle.standardError.write(Data("guardctl: \(text)\n".utf8)) }
}

/// Writes to standard output.
enum Output {
    static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    /// One JSON document with a stable order of fields.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
    }
}
