// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "fixative-benchmarks",
    dependencies: [.package(name: "fixative", path: "..")],
    targets: [
        // How much processor time one delivered picture costs, and how many pictures a machine does in a second.
        .executableTarget(
            name: "picture-bench",
            dependencies: [.product(name: "ImageCodecs", package: "fixative"), .product(name: "Imaging", package: "fixative")])
    ]
)
