import KeyStore
import Libcrypto
import OpenPGP

extension Guard {
    /// Turns errors of the rooms below into `GuardError`. What they say goes to the log only: it may name files, and other
    /// people's keys.
    func translating<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as GuardError { throw error } catch let error as KeyStoreError {
            // No failure of the store.
            if error.code == .wrongPassword { throw GuardError(.badPassword, "the password does not open the key") }
            ports.log("store: \(error)")
            throw error.isTemporary
                ? GuardError(.unavailable, "the store does not answer")
                : GuardError(.internalFailure, "the store failed")
        } catch let error as OpenPGPError {
            ports.log("openpgp: \(error)")
            throw error.code == .wrongPassword
                ? GuardError(.badPassword, "the password does not open the key")
                : GuardError(.cryptoFailed, "the key cannot be used so")
        } catch let error as LibcryptoError {
            ports.log("libcrypto: \(error)")
            throw error.code == .resourceExhausted
                ? GuardError(.busy, "not enough memory now", retryAfter: 1)
                : GuardError(.cryptoFailed, "the cryptographic library failed")
        } catch {
            ports.log("\(error)")
            throw GuardError(.internalFailure, "unexpected failure")
        }
    }
}
