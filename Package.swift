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

#if arch(x86_64)
    let branchProtection = ["-fcf-protection=full"]
#elseif arch(arm64)
    let branchProtection = ["-mbranch-protection=standard"]
#else
    let branchProtection: [String] = []
#endif

/// Our C is built to stop at the first overrun, and to refuse jumps to where no function begins.
let hardenedC: [CSetting] = [
    // `_FORTIFY_SOURCE` needs optimisation, so that C is optimised in debug builds too.
    .unsafeFlags(["-O2"], .when(configuration: .debug)),
    .unsafeFlags([
        "-fstack-protector-strong", "-fstack-clash-protection", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3", "-Wall", "-Wextra",
        "-Werror",
    ]),
    .unsafeFlags(branchProtection),
]

/// A program whose tables of functions are read-only from its first instruction on.
let hardenedLink: [LinkerSetting] = [
    .unsafeFlags([
        "-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-z", "-Xlinker", "now", "-Xlinker", "-z", "-Xlinker", "noexecstack",
    ])
]

/// Packages that only other packages use, with a product of each. They are listed to pin them exactly: a dependency on another
/// platform is resolved and never built.
let pinned: [(product: String, package: String)] = [
    ("Algorithms", "swift-algorithms"),
    ("Atomics", "swift-atomics"), ("Tracing", "swift-distributed-tracing"),
    ("StructuredFieldValues", "swift-http-structured-headers"), ("HTTPTypes", "swift-http-types"),
    ("NIOHTTP2", "swift-nio-http2"), ("NIOSSL", "swift-nio-ssl"), ("NIOTransportServices", "swift-nio-transport-services"),
    ("RealModule", "swift-numerics"), ("ServiceContextModule", "swift-service-context"),
]
let pins = pinned.map {
    Target.Dependency.product(name: $0.product, package: $0.package, condition: .when(platforms: [.custom("nowhere")]))
}

let asyncAlgorithms = Target.Dependency.product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let certificates = Target.Dependency.product(name: "X509", package: "swift-certificates")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let nioConcurrencyHelpers = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioCompression = Target.Dependency.product(name: "NIOHTTPCompression", package: "swift-nio-extras")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let swiftCrypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let swiftASN1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let lifecycleTests = Target.Dependency.product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "fixative",
    products: [
        .executable(name: "fixative", targets: ["fixative"]),
        .library(name: "SizeContract", targets: ["SizeContract"]),
        .library(name: "ImageCodecs", targets: ["ImageCodecs"]),
        .library(name: "Imaging", targets: ["Imaging"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1.git", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        // Used by the packages above alone; Tests/Hardening/packages.txt has the commit of each.
        .package(url: "https://github.com/apple/swift-algorithms.git", exact: "1.2.1"),
        .package(url: "https://github.com/apple/swift-async-algorithms.git", exact: "1.1.4"),
        .package(url: "https://github.com/apple/swift-atomics.git", exact: "1.3.0"),
        .package(url: "https://github.com/apple/swift-certificates.git", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", exact: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-structured-headers.git", exact: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-transport-services.git", exact: "1.28.0"),
        .package(url: "https://github.com/apple/swift-numerics.git", exact: "1.1.1"),
        .package(url: "https://github.com/apple/swift-service-context.git", exact: "1.5.1"),
    ],
    targets: [
        // The program: `@main` and nothing else.
        .executableTarget(
            name: "fixative", dependencies: ["FixativeCommands"] + pins, swiftSettings: strict, linkerSettings: hardenedLink),

        // Writes the commit that is built into a source file.
        .plugin(name: "BuildCommit", capability: .buildTool(), path: "Sources/BuildCommit"),

        // The command line: one verb a file.
        .target(
            name: "FixativeCommands",
            dependencies: [
                "ArchiveModel", "Archiver", "ArchiveServer", "ArchiveStore", "Audit", "BlobStore", "BlockingThreads", "Catalog",
                "CSandbox", "CZlib", "ContentCredentials", "DecoderPool", "Export", "Gallery", "GenerationAPI", "ImageCodecs",
                "Imaging", "Networking", "Notifications", "Provenance", "Secrets", "SizeContract", "SyntheticPictures",
                "Telemetry", "TimeStamping", "Upkeep", "UpstreamSimulator", argumentParser, configuration, httpClient, lifecycle,
                logging, nioCore, nioHTTP1, systemPackage, unixSignals,
            ], swiftSettings: strict, plugins: ["BuildCommit"]),

        // The archive over HTTP: an API for readers, the upstream's webhook, health.
        .target(
            name: "ArchiveServer",
            dependencies: [
                "ArchiveModel", "Archiver", "Audit", "BlobStore", "BlockingThreads", "Catalog", "Gallery", "GenerationAPI",
                "HTTPClients", "ImageCodecs", "Networking", "Secrets", "SizeContract", "Telemetry", coreMetrics, httpClient,
                hummingbird, lifecycle, logging, nioCore, nioHTTP1, swiftCrypto, asyncAlgorithms,
            ], resources: [.embedInCode("Assets")], swiftSettings: strict),

        // What has happened, told to a system outside: Standard Webhooks from the catalog's outbox.
        .target(
            name: "Notifications",
            dependencies: [
                "ArchiveModel", "Catalog", "HTTPClients", "Networking", "Telemetry", httpClient, lifecycle, nioCore, nioHTTP1,
                swiftCrypto,
            ], swiftSettings: strict),

        // The way of a result from its link to the archive: sources, queue worker, pipeline.
        .target(
            name: "Archiver",
            dependencies: [
                "ArchiveModel", "ArchiveStore", "BlobStore", "BlockingThreads", "Catalog", "CBrotli", "CZlib", "DecoderPool",
                "GenerationAPI", "HTTPClients", "ImageCodecs", "Imaging", "Networking", "Provenance", "Secrets", "SizeContract",
                "Telemetry", heap, httpClient, nioCore, nioHTTP1, nioPosix,
            ], swiftSettings: strict),

        // Requested against delivered against billed, as a report.
        .target(
            name: "Audit", dependencies: ["ArchiveModel", "Markup", "SizeContract", mustache],
            resources: [.embedInCode("Assets")], swiftSettings: strict),

        // What pages have in common: escaping, the words and colours of verdicts.
        .target(
            name: "Markup", dependencies: ["SizeContract", mustache], resources: [.embedInCode("Assets")], swiftSettings: strict),

        // The archive as a folder of static pages. Page, style and script are real files, embedded in the program.
        .target(
            name: "Gallery", dependencies: ["ArchiveModel", "Markup", "SizeContract", mustache],
            resources: [.embedInCode("Assets")],
            swiftSettings: strict),

        // The archive as a bag of BagIt, for people who have never heard of Fixative.
        .target(name: "Export", dependencies: ["ArchiveModel", "SizeContract", swiftCrypto], swiftSettings: strict),

        // A stand-in for the upstream API on loopback, with its odd deliveries and, when asked, its bad days.
        .target(
            name: "UpstreamSimulator",
            dependencies: [
                "ArchiveModel", "Networking", "SizeContract", hummingbird, httpClient, lifecycle, logging,
                nioConcurrencyHelpers,
                nioCore,
                nioHTTP1,
                nioPosix, swiftCrypto,
            ], swiftSettings: strict),

        // The upstream's wire types and calls.
        .target(
            name: "GenerationAPI",
            dependencies: [
                "ArchiveModel", "HTTPClients", "Networking", "Secrets", "SizeContract", httpClient, nioCore, nioHTTP1,
                nioCompression,
            ],
            swiftSettings: strict),

        // What all clients and servers here need of HTTP: checked URLs and addresses, rates, retries, dates. No network library.
        .target(name: "Networking", dependencies: ["ArchiveModel"], swiftSettings: strict),

        // What all HTTP clients here guard against, and the HTTP library does not.
        .target(name: "HTTPClients", dependencies: [httpClient, nioCore, nioHTTP1], swiftSettings: strict),

        // Keys and tokens: read, used and encrypted, and never printed.
        .target(name: "Secrets", dependencies: ["ArchiveModel", swiftCrypto], swiftSettings: strict),

        // An open archive: which engines stand behind files, records and catalog is decided here.
        .target(
            name: "ArchiveStore",
            dependencies: ["ArchiveModel", "BlobStore", "BlockingThreads", "Catalog", "ImageCodecs", "Imaging"],
            swiftSettings: strict),

        // Verify, repair, collect and rebuild: what keeps an archive true over the years. No network.
        .target(
            name: "Upkeep",
            dependencies: [
                "ArchiveModel", "ArchiveStore", "BlobStore", "BlockingThreads", "Catalog", "ContentCredentials", "DecoderPool",
                "ImageCodecs", "Imaging", "Provenance",
            ],
            swiftSettings: strict),

        // The client of a time-stamp authority (RFC 3161), for the seals over the records.
        .target(
            name: "TimeStamping",
            dependencies: [
                "ArchiveModel", "ContentCredentials", "HTTPClients", "Networking", httpClient, nioCore, nioHTTP1,
            ], swiftSettings: strict),

        // The index of tasks and outputs, and the queue; the only room that speaks SQL.
        .target(name: "Catalog", dependencies: ["ArchiveModel", "SizeContract", grdb, swiftCrypto], swiftSettings: strict),

        // Content-addressed files and records, published so that a power cut loses nothing.
        .target(name: "BlobStore", dependencies: ["ArchiveModel", "BlockingThreads"], swiftSettings: strict),

        // What is counted and timed, and how Prometheus reads it.
        .target(name: "Telemetry", dependencies: [coreMetrics, nioConcurrencyHelpers], swiftSettings: strict),

        // Threads for work that blocks or computes, apart from the cooperative pool.
        .target(name: "BlockingThreads", dependencies: [deque], swiftSettings: strict),

        // Decodes pictures in child processes without key, network and files. It knows pictures, but no archive.
        .target(
            name: "DecoderPool",
            dependencies: ["ArchiveModel", "BlockingThreads", "CSandbox", "ImageCodecs", "Imaging", "Provenance"],
            swiftSettings: strict),

        // The verifier between the codecs that find a manifest store and the record that keeps the verdict, with the trust lists.
        .target(
            name: "Provenance", dependencies: ["ArchiveModel", "ContentCredentials", "ImageCodecs"], swiftSettings: strict),

        // What the kernel does for it: system call filter, limits, memory files, and the start of a process.
        .target(
            name: "CSandbox",
            cSettings: hardenedC + [
                .unsafeFlags(["-O2"], .when(configuration: .debug)), .unsafeFlags(["-Wall", "-Wextra", "-Werror"]),
            ]),

        // The words that all rooms share: digests, ids, records.
        .target(name: "ArchiveModel", dependencies: ["SizeContract", swiftCrypto], swiftSettings: strict),

        // What sizes a model promises, what they cost, and how a delivery is judged. Numbers in, numbers out.
        .target(name: "SizeContract", swiftSettings: strict),

        // Pictures for the upstream simulator and the demonstration gallery, drawn from a seed.
        .target(name: "SyntheticPictures", dependencies: ["ImageCodecs"], swiftSettings: pixels),

        // The verifier of Content Credentials (C2PA): bytes and their place in, a report out. It knows no container and no network.
        .target(
            name: "ContentCredentials", dependencies: [swiftCrypto, cryptoExtras],
            resources: [.embedInCode("Assets")], swiftSettings: strict),

        // What is made from a delivered picture: thumbnail, preview, hashes and metadata.
        .target(name: "Imaging", dependencies: ["ImageCodecs", "CPixelKernels", "CLCMS"], swiftSettings: pixels),

        // Strict readers and writers for PNG, JPEG and WebP: bytes to pixels and back, or a CodecError.
        .target(name: "ImageCodecs", dependencies: ["CCodecShims", "CFastPNG", "CWebP"], swiftSettings: pixels),

        // libpng and libjpeg behind status codes: fences their error jumps.
        .target(
            name: "CCodecShims", dependencies: ["CFastPNG", "CPNG", "CJPEG"], cSettings: hardenedC,
            linkerSettings: [.linkedLibrary("m"), .linkedLibrary("z")]),

        // The fast reader for common PNGs: inflate, unfilter, checksums. Can be deleted whole; libpng then reads everything.
        .target(name: "CFastPNG", cSettings: hardenedC),

        // Loops over pixels in vector instructions, with portable twins that give equal bytes.
        .target(name: "CPixelKernels", cSettings: hardenedC, linkerSettings: [.linkedLibrary("m")]),

        // libpng: reads deliveries, most of which are PNG.
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        // libjpeg-turbo: reads JPEG deliveries and writes opaque derivatives.
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
        // libwebp with demuxer and muxer: reads WebP deliveries and writes derivatives that have alpha.
        .systemLibrary(name: "CWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"])]),
        // Little CMS: turns pictures with another RGB profile into sRGB.
        .systemLibrary(name: "CLCMS", pkgConfig: "lcms2", providers: [.apt(["liblcms2-dev"])]),

        // zlib and Brotli: undo content codings that a network added to a body.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlidec", providers: [.apt(["libbrotli-dev"])]),

        // Other programs, as several rooms' tests need them.
        .target(
            name: "TestSupport", dependencies: ["ArchiveModel", "Catalog"], path: "Tests/TestSupport", swiftSettings: strict),
        // Manifest stores and certificates made here and elsewhere, and what the specification says of each.
        .testTarget(
            name: "ContentCredentialsTests", dependencies: ["ContentCredentials", swiftCrypto, swiftASN1, certificates],
            exclude: ["Fixtures"], swiftSettings: strict),

        // A time-stamp authority of another program on loopback, and answers that do not count.
        .testTarget(
            name: "TimeStampingTests", dependencies: ["ArchiveModel", "ContentCredentials", "TestSupport", "TimeStamping"],
            swiftSettings: strict),

        // The verdict in the record's words, and the lists that it names.
        .testTarget(
            name: "ProvenanceTests", dependencies: ["ArchiveModel", "Provenance"],
            resources: [.copy("Fixtures")], swiftSettings: strict),

        // The table cell by cell, every limit's edge, every verdict.
        .testTarget(name: "SizeContractTests", dependencies: ["SizeContract"], swiftSettings: strict),

        // One pool does not hold up another, and none has more threads than it should.
        .testTarget(name: "BlockingThreadsTests", dependencies: ["BlockingThreads"], swiftSettings: strict),

        // The text that Prometheus reads, by hand; Tests/Handover lets Prometheus' own parser read the same file.
        .testTarget(
            name: "TelemetryTests", dependencies: ["Telemetry", coreMetrics], resources: [.copy("Fixtures")],
            swiftSettings: strict),

        // Messages that the published vector, and receivers that fail, hold to the standard.
        .testTarget(
            name: "NotificationsTests",
            dependencies: [
                "Notifications", "ArchiveModel", "Catalog", "Networking", "Telemetry", hummingbird, lifecycle,
                logging, nioCore,
            ], swiftSettings: strict),

        // Ids that can't leave their folder, secrets that don't show, records that read as they were written.
        .testTarget(name: "ArchiveModelTests", dependencies: ["ArchiveModel", "SizeContract"], swiftSettings: strict),
        // The contract of a blob store, held by the folder on a disk.
        .testTarget(
            name: "BlobStoreTests", dependencies: ["BlobStore", "ArchiveModel", "BlockingThreads"],
            swiftSettings: strict),
        // The contract of a catalog, held by SQLite, and what SQLite really does on this system.
        .testTarget(
            name: "CatalogTests", dependencies: ["Catalog", "ArchiveModel", "SizeContract", "TestSupport", grdb],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        // Generates a catalog of a million outputs and measures it: a tool of the tests, not for users.
        .executableTarget(
            name: "catalog-scale", dependencies: ["Catalog", "ArchiveModel", "BlobStore", "SizeContract", grdb],
            path: "Tests/CatalogScale", swiftSettings: strict),
        // Wire types against the documented answers, requests against the documented limits.
        .testTarget(
            name: "GenerationAPITests",
            dependencies: [
                "ArchiveModel", "GenerationAPI", "Networking", "Secrets", "SizeContract", "TestSupport", httpClient, hummingbird,
                logging, nioCore, nioHTTP1,
            ], swiftSettings: strict),
        // Links by the table of RFC 3986, and everything that a library would trap on.
        .testTarget(
            name: "NetworkingTests", dependencies: ["ArchiveModel", "Networking", "TestSupport", httpClient],
            swiftSettings: strict),
        // A sealed key is opened by its own service for its own task, and by nobody else.
        .testTarget(name: "SecretsTests", dependencies: ["Secrets", "ArchiveModel"], swiftSettings: strict),
        // The pipeline against the simulator on loopback.
        .testTarget(
            name: "ArchiverTests",
            dependencies: [
                "ArchiveModel", "Archiver", "Audit", "BlobStore", "BlockingThreads", "Catalog", "decoder-probe", "DecoderPool",
                "GenerationAPI", "ImageCodecs", "Networking", "Secrets", "SizeContract", "SyntheticPictures", "Telemetry",
                "TestSupport", "Upkeep", "UpstreamSimulator", httpClient, hummingbird, logging, nioCore, nioHTTP1,
            ], swiftSettings: strict),
        // The server alone, asked over sockets byte by byte, and its own description of itself.
        .testTarget(
            name: "ArchiveServerTests",
            dependencies: [
                "ArchiveModel", "Archiver", "ArchiveServer", "BlobStore", "BlockingThreads", "Catalog", "Gallery",
                "GenerationAPI", "Secrets", "SizeContract", "Telemetry", "TestSupport", lifecycle, lifecycleTests, logging,
                nioCore, nioEmbedded, nioHTTP1, swiftCrypto,
            ], swiftSettings: strict),
        // Archives damaged in every way, found and mended.
        .testTarget(
            name: "UpkeepTests",
            dependencies: [
                "ArchiveModel", "ArchiveStore", "BlobStore", "BlockingThreads", "Catalog", "DecoderPool", "ImageCodecs",
                "Imaging", "Provenance", "SizeContract", "SyntheticPictures", "TestSupport", "Upkeep",
            ], swiftSettings: strict),
        // Decoders that crash, hang, grow and reach out, in the sandbox; and the same results as without it.
        .testTarget(
            name: "DecoderPoolTests",
            dependencies: [
                "DecoderPool", "ImageCodecs", "Imaging", "SyntheticPictures", "decoder-probe",
            ], swiftSettings: strict),
        // A worker whose decoder misbehaves as the picture tells it to: a tool of the tests, not for users.
        .executableTarget(
            name: "decoder-probe", dependencies: ["DecoderPool", "ImageCodecs", "Imaging"], path: "Tests/DecoderProbe",
            swiftSettings: strict),
        // Sums by hand.
        .testTarget(
            name: "AuditTests", dependencies: ["Audit", "ArchiveModel", "Markup", "SizeContract"], swiftSettings: strict),
        // Pages as they lie on a disk.
        .testTarget(
            name: "GalleryTests", dependencies: ["ArchiveModel", "Gallery", "SizeContract", "TestSupport"], swiftSettings: strict),
        // Bags as they lie on a disk.
        .testTarget(name: "ExportTests", dependencies: ["Export", "ArchiveModel", "SizeContract"], swiftSettings: strict),
        // The stand-in against the upstream's reference page.
        .testTarget(
            name: "UpstreamSimulatorTests",
            dependencies: [
                "ArchiveModel", "Networking", "SizeContract", "UpstreamSimulator", hummingbird, hummingbirdTesting, httpClient,
                lifecycle, logging, nioConcurrencyHelpers, nioCore, nioHTTP1,
            ], swiftSettings: strict),
        // Decoders and encoders against hand-built files and other programs.
        .testTarget(
            name: "ImageCodecsTests", dependencies: ["ImageCodecs", "CCodecShims", "CPNGDifferential"], swiftSettings: strict),
        // Makes PNG files from seeds, sound and damaged, and decodes each by the fast path and by libpng alone.
        .target(
            name: "CPNGDifferential", dependencies: ["CCodecShims"], path: "Tests/CPNGDifferential",
            cSettings: [
                .unsafeFlags(["-O2"], .when(configuration: .debug)), .unsafeFlags(["-Wall", "-Wextra", "-Werror"]),
            ],
            linkerSettings: [.linkedLibrary("z")]),
        // Resizing, orientation, hashes and whole inspections against independent arithmetic.
        .testTarget(
            name: "ImagingTests", dependencies: ["Imaging", "ImageCodecs", "CPixelKernels", "inspect-probe"],
            swiftSettings: strict),
        // Inspects one file in a process of its own and prints its peak memory, for the tests of hostile files.
        .executableTarget(
            name: "inspect-probe", dependencies: ["Imaging", "ImageCodecs"], path: "Tests/InspectProbe", swiftSettings: strict),
        // Synthetic pictures are reproducible, weigh what a delivery weighs and decode again.
        .testTarget(name: "SyntheticPicturesTests", dependencies: ["SyntheticPictures", "ImageCodecs"], swiftSettings: strict),
        // The built program, as a user types it.
        .testTarget(
            name: "FixativeCommandsTests",
            dependencies: [
                "ArchiveModel", "Archiver", "fixative", "FixativeCommands", "Networking", "Provenance", "TestSupport", "Upkeep",
                argumentParser,
            ],
            swiftSettings: strict),
    ]
)
