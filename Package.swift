// swift-tools-version: 6.2
import PackageDescription

/// Every target: Swift 6 language mode, warnings are errors.
let base: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
/// Targets that never touch C: unsafe constructs must be marked.
let strict: [SwiftSetting] = base + [.strictMemorySafety()]

let package = Package(
    name: "guardd",
    products: [
        .executable(name: "guardd", targets: ["guardd"]),
        .executable(name: "guardctl", targets: ["guardctl"]),
        .executable(name: "guard-bench", targets: ["guard-bench"]),
        .library(name: "OpenPGP", targets: ["OpenPGP"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    ],
    // A target imports only targets above it; this file is the only place that says so.
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CMilter", providers: [.apt(["libmilter-dev"])]),
        .target(name: "Libcrypto", dependencies: ["COpenSSL"], swiftSettings: base),
        .target(name: "MIME", swiftSettings: strict),
        .target(name: "OpenPGP", dependencies: ["Libcrypto"], swiftSettings: strict),
        .target(name: "ProtectedMail", dependencies: ["Libcrypto", "MIME", "OpenPGP"], swiftSettings: strict),
        .target(
            name: "KeyStore",
            dependencies: [
                "Libcrypto", "MIME", "OpenPGP", "ProtectedMail", .product(name: "GRDB", package: "GRDB.swift"),
            ], swiftSettings: strict),
        .target(
            name: "MailFlow", dependencies: ["Libcrypto", "MIME", "OpenPGP", "ProtectedMail", "KeyStore"],
            swiftSettings: strict),
        .target(
            name: "Configuration", dependencies: ["MailFlow", "KeyStore", "TOMLKit"], swiftSettings: strict),
        .target(name: "MilterServer", dependencies: ["CMilter", "MailFlow"], swiftSettings: base),
        .executableTarget(
            name: "guardd",
            dependencies: [
                "Libcrypto", "KeyStore", "MailFlow", "Configuration", "MilterServer",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: base),
        .executableTarget(
            name: "guardctl",
            dependencies: [
                "Libcrypto", "MIME", "OpenPGP", "ProtectedMail", "KeyStore", "MailFlow", "Configuration",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: base),
        .executableTarget(
            name: "guard-bench", dependencies: ["COpenSSL", "Libcrypto", "MIME", "OpenPGP", "ProtectedMail"],
            swiftSettings: base),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: base),
    ]
)
