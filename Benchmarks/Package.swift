// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "fixative-benchmarks",
    dependencies: [
        .package(name: "fixative", path: ".."),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    ],
    targets: [
        // How much processor time one delivered picture costs, and how many pictures a machine does in a second.
        .executableTarget(
            name: "picture-bench",
            dependencies: [.product(name: "ImageCodecs", package: "fixative"), .product(name: "Imaging", package: "fixative")]),
        // CPU time and memory of the main job on one picture, for `peers/bench.sh`.
        .executableTarget(
            name: "imaging-bench",
            dependencies: [
                "CLibpngDecode", .product(name: "ImageCodecs", package: "fixative"),
                .product(name: "Imaging", package: "fixative"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        // What our decoders see and our encoders make, for programs that compare it with others.
        .executableTarget(
            name: "imaging-dump",
            dependencies: [.product(name: "ImageCodecs", package: "fixative"), .product(name: "Imaging", package: "fixative")]),
        // The system's libpng as it comes, to measure the PNG fast path against.
        .target(name: "CLibpngDecode", linkerSettings: [.linkedLibrary("png16")]),
    ])
