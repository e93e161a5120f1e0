import Testing

@testable import Guard

struct GuardErrorTests {
    @Test func codesHaveTheFormOfTheContract() {
        for code in GuardErrorCode.allCases {
            let parts = code.rawValue.split(separator: "-")
            #expect(parts.dropLast().allSatisfy { $0.allSatisfy { $0.isUppercase } }, "\(code)")
            #expect(parts.last?.count == 4 && parts.last?.allSatisfy(\.isNumber) == true, "\(code)")
        }
    }

    @Test func cryptoTypesInAnyCase() {
        #expect(CryptoType(name: "pgp") == .pgp)
        #expect(CryptoType(name: "SMime") == .smime)
        #expect(CryptoType(name: "x") == nil)
    }
}
