import Foundation
import KeyStore
import Libcrypto
import OpenPGP
import Testing

@testable import Guard

struct GuessTests {
    /// A key whose password is "right"; counts what is tried.
    private final class Key: LockedKey {
        let fingerprintHex = "00"
        let recovery: [UInt8]? = nil
        let tried = Lock(0)

        func unlockSecrets(password: SecretBytes) throws -> UnlockSecrets {
            tried.withLock { $0 += 1 }
            guard password == TestGuard.secret("right") else { throw OpenPGPError(.wrongPassword, "") }
            return UnlockSecrets(name: [1], key: password)
        }

        func relocked(with secrets: UnlockSecrets, password: SecretBytes) throws -> Relocked {
            Relocked(locked: [], secrets: secrets)
        }

        func replace(
            by relocked: Relocked, recovery: RecoveryRecord?, in store: KeyStore, _ connection: any StoreConnection
        ) throws -> Bool { false }

        func deleteRecovery(in store: KeyStore, _ connection: any StoreConnection) throws -> Bool { false }
    }

    private let test: TestGuard
    private let key = Key()
    private let caller: Caller

    init() throws {
        test = try TestGuard()
        caller = try test.session()
    }

    private func verify(_ password: String, _ type: CryptoType = .pgp) -> GuardErrorCode? {
        do {
            _ = try test.service.verifyPassword(of: key, caller.account, type, TestGuard.secret(password))
            return nil
        } catch { return (error as? GuardError)?.code }
    }

    private func wait(_ password: String = "right") -> Int? {
        do {
            _ = try test.service.verifyPassword(of: key, caller.account, .pgp, TestGuard.secret(password))
            return nil
        } catch { return (error as? GuardError)?.retryAfter }
    }

    @Test func fiveFailuresLockForTenMinutesThenForTwenty() throws {
        for _ in 0..<4 { #expect(verify("wrong") == .badPassword) }
        #expect(verify("right") == nil)
        for length in [600, 1200, 2400] {
            for _ in 0..<5 { #expect(verify("wrong") == .badPassword) }
            let tried = key.tried.withLock { $0 }
            #expect(wait() == length)
            #expect(verify("right") == .lockedOut)
            #expect(key.tried.withLock { $0 } == tried)
            // The other type, and other accounts, are not locked.
            #expect(verify("right", .smime) == nil)
            test.pass(seconds: Int64(length) - 1)
            #expect(verify("right") == .lockedOut)
            test.pass(seconds: 1)
        }
        #expect(verify("right") == nil)
        for _ in 0..<5 { #expect(verify("wrong") == .badPassword) }
        #expect(wait() == 600)
    }

    @Test func manyAtOnceCountAsMany() throws {
        let answers = Lock<[GuardErrorCode?: Int]>([:])
        DispatchQueue.concurrentPerform(iterations: 40) { _ in
            let answer = verify("wrong")
            answers.withLock { $0[answer, default: 0] += 1 }
        }
        #expect(answers.withLock { $0 } == [.badPassword: 5, .lockedOut: 35])
        #expect(key.tried.withLock { $0 } == 5)
    }

    @Test func theLongestLockIsADay() throws {
        for _ in 0..<10 {
            for _ in 0..<5 { _ = verify("wrong") }
            test.pass(seconds: Int64(wait() ?? 0))
        }
        for _ in 0..<5 { _ = verify("wrong") }
        #expect(wait() == 86_400)
    }

    @Test func nobodyCostsAndLocksLikeSomebody() throws {
        func steps(_ body: () throws -> Void) -> [GuardStep: Int] {
            _ = test.steps.take()
            try? body()
            return test.steps.take()
        }
        for expected in [
            GuardErrorCode.badPassword, .badPassword, .badPassword, .badPassword, .badPassword, .lockedOut,
        ] {
            var codes: [GuardErrorCode?] = []
            let nobody = steps {
                do {
                    try test.service.refusePassword(ofNobody: "x@example.com", .smime, TestGuard.secret("wrong"))
                } catch {
                    codes.append((error as? GuardError)?.code)
                }
            }
            var somebody = steps { codes.append(verify("wrong")) }
            // The key of somebody was read before.
            somebody[.read, default: 0] += 1
            #expect(nobody == somebody)
            #expect(codes == [expected, expected])
        }
    }
}
