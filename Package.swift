// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Pixel loops are two orders of magnitude slower without optimisation, so they keep it in debug builds too.
let pixels: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let swiftCrypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "fixative",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // What sizes a model promises, what they cost, and how a delivery is judged. Numbers in, numbers out.
        .target(name: "SizeContract", swiftSettings: strict),
        .testTarget(name: "SizeContractTests", dependencies: ["SizeContract"], swiftSettings: strict),

        // The words that all rooms share: digests, ids, records.
        .target(name: "ArchiveModel", dependencies: ["SizeContract"], swiftSettings: strict),
        .testTarget(name: "ArchiveModelTests", dependencies: ["ArchiveModel"], swiftSettings: strict),

        // libpng: reads deliveries, most of which are PNG.
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        // libjpeg-turbo: reads JPEG deliveries and writes opaque derivatives.
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
        // libwebp and its demuxer: read WebP deliveries and write derivatives that have alpha.
        .systemLibrary(name: "CWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"])]),
        // The only C of ours: fences error jumps of libpng and libjpeg, and holds the pixel kernels.
        .target(
            name: "CCodecShims",
            dependencies: ["CPNG", "CJPEG"],
            cSettings: [
                .unsafeFlags(["-O2"], .when(configuration: .debug)),
                .unsafeFlags(["-Wall", "-Wextra", "-Werror"]),
            ],
            linkerSettings: [.linkedLibrary("m"), .linkedLibrary("z")]
        ),
        // Strict readers and writers for PNG, JPEG and WebP: bytes to pixels and back, or a CodecError.
        .target(name: "ImageCodecs", dependencies: ["CCodecShims", "CWebP"], swiftSettings: pixels),
        // What is made from a delivered picture: thumbnail, preview, hashes and metadata.
        .target(name: "Imaging", dependencies: ["ImageCodecs", "CCodecShims"], swiftSettings: pixels),
        // Pictures for the upstream simulator and the demonstration gallery, drawn from a seed.
        .target(name: "SyntheticPictures", dependencies: ["ImageCodecs"], swiftSettings: pixels),

        // Threads for work that blocks or computes, apart from the cooperative pool.
        .target(name: "WorkLanes", swiftSettings: strict),

        // Content-addressed files and records, published so that a power cut loses nothing.
        .target(name: "BlobStore", dependencies: ["ArchiveModel", "WorkLanes", swiftCrypto], swiftSettings: strict),
        .testTarget(name: "BlobStoreTests", dependencies: ["BlobStore"], swiftSettings: strict),

        // The index of tasks and outputs, and the queue; the only room that speaks SQL.
        .target(
            name: "Catalog", dependencies: ["ArchiveModel", "SizeContract", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict),
        .testTarget(name: "CatalogTests", dependencies: ["Catalog"], swiftSettings: strict),

        // The upstream's wire types and calls, and which network addresses may be talked to.
        .target(
            name: "GenerationAPI", dependencies: ["ArchiveModel", "SizeContract", httpClient, nioCore, nioHTTP1], swiftSettings: strict),
        .testTarget(name: "GenerationAPITests", dependencies: ["GenerationAPI"], swiftSettings: strict),

        // The way of a result from its link to the archive: sources, queue worker, pipeline.
        .target(
            name: "Archiver",
            dependencies: [
                "ArchiveModel", "BlobStore", "Catalog", "GenerationAPI", "ImageCodecs", "Imaging", "SizeContract", "WorkLanes", httpClient,
                nioCore, nioHTTP1,
            ], swiftSettings: strict),
        .testTarget(name: "ArchiverTests", dependencies: ["Archiver"], swiftSettings: strict),
    ]
)
