// swift-tools-version: 6.2
import PackageDescription

/// Every target: Swift 6 language mode, warnings are errors.
let base: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
/// Targets that never touch C: unsafe constructs must be marked.
let strict: [SwiftSetting] = base + [.strictMemorySafety()]

/// `CORE=1` leaves out every target that needs a package, for quick work on the formats.
let coreOnly = Context.environment["CORE"] == "1"
/// `LEAN=1` leaves out only what needs the HTTP server or libmilter, for quick work on the store and the use cases.
let lean = Context.environment["LEAN"] == "1"
/// `FUZZ=1` adds the fuzzers: they only link with `-sanitize=fuzzer` and would break a plain build.
let fuzzing = Context.environment["FUZZ"] == "1"

/// A folder of archives that are linked into guard-sop instead of the shared libraries of their names, into a program that
/// is at a fixed address: to look up and to relocate what it uses would be half of its time on a small message.
let staticLibraries = Context.environment["STATIC_LIBRARIES"]
/// pkg-config names the folder of the shared libraries, which would come first.
func shared(_ name: String) -> String? { staticLibraries == nil ? name : nil }

// A target imports only targets above it; this file is the only place that says so.
let core: [Target] = [
    .systemLibrary(name: "COpenSSL", pkgConfig: shared("libcrypto"), providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CArgon2", pkgConfig: shared("libargon2"), providers: [.apt(["libargon2-dev"])]),
    .systemLibrary(name: "CBzip2", providers: [.apt(["libbz2-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: shared("zlib"), providers: [.apt(["zlib1g-dev"])]),
    .target(name: "Libcrypto", dependencies: ["COpenSSL", "CArgon2"], swiftSettings: base),
    .target(name: "MIME", swiftSettings: strict),
    .target(name: "OpenPGP", dependencies: ["Libcrypto", "CBzip2", "CZlib"], swiftSettings: strict),
    .target(name: "CMS", dependencies: ["COpenSSL", "CZlib", "Libcrypto", "MIME"], swiftSettings: base),
    .target(name: "ProtectedMail", dependencies: ["Libcrypto", "MIME", "OpenPGP", "CMS"], swiftSettings: strict),
    .executableTarget(
        name: "guard-sop", dependencies: ["Libcrypto", "OpenPGP"], swiftSettings: base,
        linkerSettings: staticLibraries.map {
            [.unsafeFlags(["-L", $0, "-Xclang-linker", "-no-pie", "-Xclang-linker", "-static-libgcc"])]
        } ?? []),
    .executableTarget(
        name: "guard-bench", dependencies: ["CMS", "COpenSSL", "Libcrypto", "MIME", "OpenPGP", "ProtectedMail"],
        swiftSettings: base),

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: base),
    .testTarget(name: "LibcryptoTests", dependencies: ["Libcrypto", "TestSupport"], swiftSettings: base),
    .testTarget(
        name: "MIMETests", dependencies: ["MIME", "TestSupport"], exclude: ["Crashers"], swiftSettings: base),
    .testTarget(
        name: "OpenPGPTests", dependencies: ["OpenPGP", "Libcrypto", "TestSupport"], exclude: ["Crashers"],
        swiftSettings: base),
    .testTarget(name: "CMSTests", dependencies: ["CMS", "Libcrypto", "MIME", "TestSupport"], swiftSettings: base),
    .testTarget(
        name: "SopTests", dependencies: ["guard-sop", "OpenPGP", "Libcrypto", "TestSupport"], exclude: ["Drivers"],
        swiftSettings: base),
    .testTarget(
        name: "ProtectedMailTests",
        dependencies: ["ProtectedMail", "CMS", "OpenPGP", "MIME", "Libcrypto", "TestSupport"],
        exclude: ["Attacks", "Golden"],
        swiftSettings: base),
]

let rooms: [Target] = [
    .systemLibrary(name: "CPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .target(
        name: "KeyStore",
        dependencies: [
            "CPQ", "Libcrypto", "MIME", "OpenPGP", "CMS", "ProtectedMail",
            .product(name: "GRDB", package: "GRDB.swift"),
        ],
        swiftSettings: strict),
    .target(
        name: "MailFlow", dependencies: ["Libcrypto", "MIME", "OpenPGP", "CMS", "ProtectedMail", "KeyStore"],
        swiftSettings: strict),
    .target(
        name: "Guard", dependencies: ["Libcrypto", "MIME", "OpenPGP", "CMS", "ProtectedMail", "KeyStore"],
        swiftSettings: strict),
    .target(
        name: "Settings",
        dependencies: [
            "Libcrypto", "MIME", "OpenPGP", "CMS", "ProtectedMail", "MailFlow", "KeyStore", "Guard", "TOMLKit",
        ],
        swiftSettings: strict),
    .executableTarget(
        name: "store-writer", dependencies: ["KeyStore", "MIME", "Libcrypto"], path: "Tests/StoreWriter",
        swiftSettings: base),
    .testTarget(
        name: "KeyStoreTests",
        dependencies: [
            "store-writer", "KeyStore", "ProtectedMail", "CMS", "OpenPGP", "MIME", "Libcrypto", "TestSupport",
        ],
        swiftSettings: base),
    .testTarget(
        name: "MailFlowTests",
        dependencies: ["MailFlow", "KeyStore", "ProtectedMail", "CMS", "OpenPGP", "MIME", "Libcrypto", "TestSupport"],
        swiftSettings: base),
    .testTarget(
        name: "GuardTests",
        dependencies: [
            "Guard", "MailFlow", "KeyStore", "ProtectedMail", "CMS", "OpenPGP", "MIME", "Libcrypto", "TestSupport",
        ],
        swiftSettings: base),
    .testTarget(
        name: "SettingsTests",
        dependencies: ["Settings", "Guard", "MIME", "MailFlow", "OpenPGP", "TestSupport"],
        swiftSettings: base),
]

let doors: [Target] = [
    .systemLibrary(name: "CMilter", providers: [.apt(["libmilter-dev"])]),
    .target(
        name: "MilterServer", dependencies: ["CMilter", "Libcrypto", "ProtectedMail", "MailFlow"], swiftSettings: base),
    .target(
        name: "ControlAPI",
        dependencies: [
            "Libcrypto", "MIME", "KeyStore", "Guard",
            .product(name: "HummingbirdCore", package: "hummingbird"),
            .product(name: "HummingbirdTLS", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOExtras", package: "swift-nio-extras"),
            .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ],
        resources: [.embedInCode("openapi.yaml")], swiftSettings: strict),
    .target(
        name: "MailProxy",
        dependencies: [
            "Libcrypto", "MIME", "MailFlow", .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ], swiftSettings: strict),
    .executableTarget(
        name: "guardd",
        dependencies: [
            "CMilter", "Libcrypto", "MIME", "OpenPGP", "CMS", "ProtectedMail", "KeyStore", "MailFlow", "Settings",
            "MilterServer", "MailProxy", "Guard", "ControlAPI",
            .product(name: "Logging", package: "swift-log"),
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ], swiftSettings: base),
    .executableTarget(
        name: "guardctl",
        dependencies: [
            "Libcrypto", "MIME", "OpenPGP", "CMS", "ProtectedMail", "KeyStore", "MailFlow", "Settings",
            "ControlAPI",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ], swiftSettings: base),

    .testTarget(
        name: "MilterServerTests",
        dependencies: ["MilterServer", "MailFlow", "ProtectedMail", "Libcrypto", "TestSupport"],
        exclude: ["Lua"], swiftSettings: base),
    .testTarget(
        name: "GuardctlTests", dependencies: ["guardctl", "Settings", "TestSupport"], swiftSettings: base),
    .testTarget(
        name: "MailProxyTests",
        dependencies: ["MailProxy", "MailFlow", "ProtectedMail", "OpenPGP", "MIME", "Libcrypto", "TestSupport"],
        swiftSettings: base),
    .executableTarget(name: "noop-milter", dependencies: ["CMilter"], path: "Tests/NoopMilter", swiftSettings: base),
    .executableTarget(name: "mta-bench", dependencies: ["TestSupport"], path: "Tests/Bench", swiftSettings: base),
    .executableTarget(
        name: "store-bench",
        dependencies: [
            "OpenPGP", "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
        ], path: "Tests/StoreBench", swiftSettings: base),
    .executableTarget(name: "guardd-demo", dependencies: ["TestSupport"], path: "Tests/Demo", swiftSettings: base),
    .testTarget(
        name: "IntegrationTests",
        dependencies: [
            "guardd", "guardctl", "noop-milter", "OpenPGP", "MIME", "ProtectedMail", "Libcrypto", "KeyStore",
            "TestSupport",
        ], swiftSettings: base),
    .testTarget(
        name: "ControlAPITests",
        dependencies: [
            "guardd", "ControlAPI", "Guard", "KeyStore", "MailFlow", "OpenPGP", "MIME", "CMS", "ProtectedMail",
            "Libcrypto", "TestSupport",
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "Yams", package: "Yams"),
        ], swiftSettings: base),
]

/// One executable per parser, `Tests/Fuzzers/<Name>`, each with `LLVMFuzzerTestOneInput`.
let fuzzers: [Target] =
    [.target(name: "FuzzSupport", path: "Tests/Fuzzers/FuzzSupport", swiftSettings: base)]
    + [
        ("FuzzMIME", ["MIME"]), ("FuzzAddress", ["MIME"]), ("FuzzArmor", ["OpenPGP"]), ("FuzzPackets", ["OpenPGP"]),
        ("FuzzCertificate", ["OpenPGP"]), ("FuzzDecrypt", ["OpenPGP", "Libcrypto"]),
        ("FuzzCMS", ["CMS", "Libcrypto"]), ("FuzzInspect", ["ProtectedMail", "OpenPGP", "MIME"]),
        ("FuzzVerdict", ["ProtectedMail", "CMS", "OpenPGP", "MIME"]), ("FuzzX509", ["CMS", "Libcrypto", "MIME"]),
        ("FuzzRulePattern", ["MailFlow"]), ("FuzzReply", ["MailProxy"]), ("FuzzCommand", ["MailProxy"]),
        ("FuzzContent", ["MailProxy"]),
    ].filter { _, dependencies in
        !(coreOnly && dependencies == ["MailFlow"]) && !((coreOnly || lean) && dependencies == ["MailProxy"])
    }.map { name, dependencies in
        .executableTarget(
            name: name, dependencies: ["FuzzSupport"] + dependencies.map { .byName(name: $0) },
            path: "Tests/Fuzzers/\(name)",
            swiftSettings: [.swiftLanguageMode(.v6), .unsafeFlags(["-parse-as-library"])])
    }

let package = Package(
    name: "guardd",
    products: [
        .library(name: "OpenPGP", targets: ["OpenPGP"]), .executable(name: "guard-bench", targets: ["guard-bench"]),
        .executable(name: "guard-sop", targets: ["guard-sop"]),
    ]
        + (coreOnly || lean
            ? []
            : [
                .executable(name: "guardd", targets: ["guardd"]),
                .executable(name: "guardctl", targets: ["guardctl"]),
            ]),
    dependencies: coreOnly
        ? []
        : [
            .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
            .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
        ]
            + (lean
                ? []
                : [
                    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
                    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
                    .package(
                        url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1",
                        traits: ["ConfigurationSupport"]),
                    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
                    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
                    .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
                    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
                    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
                ]),
    targets: core + (coreOnly ? [] : rooms) + (coreOnly || lean ? [] : doors) + (fuzzing ? fuzzers : [])
)
