// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let warnings: [CSetting] = [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]

// Built by `fuzz.py`, which names the sanitizers. `main` comes with libFuzzer, so the executables are C, whose `main` is called
// `main`.
let package = Package(
    name: "fixative-fuzz",
    dependencies: [
        .package(name: "fixative", path: "../.."), .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    ],
    targets: [
        // One input through all that the archive does with a delivery, and the checks on what comes out.
        .target(
            name: "FuzzedArchive",
            dependencies: [.product(name: "ImageCodecs", package: "fixative"), .product(name: "Imaging", package: "fixative")],
            swiftSettings: strict),
        // Mutators that put checksums and lengths right again, so that damage reaches what lies behind them.
        .target(name: "CMutators", cSettings: warnings, linkerSettings: [.linkedLibrary("z")]),
        // The comparison of the fast path with libpng that the tests of the codecs use: a symbolic link, as it is no product.
        .target(
            name: "CPNGDifferential", dependencies: [.product(name: "ImageCodecs", package: "fixative")], cSettings: warnings,
            linkerSettings: [.linkedLibrary("z")]),
        // The vocabulary of the records: a symbolic link, as it is no product.
        .target(
            name: "FuzzArchiveModel",
            dependencies: [
                .product(name: "SizeContract", package: "fixative"), .product(name: "Crypto", package: "swift-crypto"),
            ], swiftSettings: strict),
        // One input read as a record, and the checks on what comes out.
        .target(name: "FuzzedRecords", dependencies: ["FuzzArchiveModel"], swiftSettings: strict),
        .executableTarget(name: "fuzz-record", dependencies: ["FuzzedRecords"], cSettings: warnings),
        // The program's own room of URLs: a symbolic link, as it is no product. A link, its redirect and the policy, as a client sees them,
        // without the files that need a clock.
        .target(
            name: "FuzzNetworking", exclude: ["DetachedTimeout.swift", "HostRateLimiter.swift", "Timeout.swift"],
            swiftSettings: strict + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]),
        .target(name: "FuzzedLinks", dependencies: ["FuzzNetworking"], swiftSettings: strict),
        .executableTarget(name: "fuzz-link", dependencies: ["FuzzedLinks"], cSettings: warnings),
        .executableTarget(name: "fuzz-png", dependencies: ["FuzzedArchive", "CMutators"], cSettings: warnings),
        .executableTarget(name: "fuzz-jpeg", dependencies: ["FuzzedArchive"], cSettings: warnings),
        .executableTarget(name: "fuzz-webp", dependencies: ["FuzzedArchive", "CMutators"], cSettings: warnings),
        .executableTarget(name: "fuzz-refused", dependencies: ["FuzzedArchive"], cSettings: warnings),
        .executableTarget(name: "fuzz-png-differential", dependencies: ["CPNGDifferential", "CMutators"], cSettings: warnings),
    ])
