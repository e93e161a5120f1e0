import Libcrypto
import OpenPGP

/// Why a subcommand ends without success: a number for programs, a sentence for people.
struct Failure: Error {
    let code: ExitCode
    let message: String

    init(_ code: ExitCode, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What an error means where nothing more is known than that some input caused it.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as OpenPGPError: self.init(Self.code(of: error.code), error.message)
        case let error as LibcryptoError: self.init(.unspecified, error.message)
        default: self.init(.unspecified, "\(error)")
        }
    }

    private static func code(of code: OpenPGPError.Code) -> ExitCode {
        switch code {
        case .wrongPassword, .secretUnavailable: .keyIsProtected
        case .notDecryptable, .integrityFailure: .cannotDecrypt
        default: .badData
        }
    }
}
