import ArchiveModel
import ArgumentParser
import Foundation
import ImageCodecs
import Logging
import ServiceLifecycle
import SyntheticPictures
import UnixSignals
import UpstreamSimulator

extension FaultProfile: ExpressibleByArgument {
    package init?(argument: String) { self.init(rawValue: argument.lowercased()) }
    package static var allValueStrings: [String] { allCases.map(\.rawValue) }
}

extension BillingProfile: ExpressibleByArgument {
    package init?(argument: String) { self.init(rawValue: argument.lowercased()) }
    package static var allValueStrings: [String] { allCases.map(\.rawValue) }
}

/// Draws the pictures that the simulator delivers.
struct SyntheticPictureSource: PictureSource {
    func picture(width: Int, height: Int, format: String, seed: UInt64) async throws -> [UInt8] {
        try SyntheticPicture.make(width: width, height: height, seed: seed, as: ImageFormat(rawValue: format) ?? .png)
    }
}

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Run only the simulated upstream API, on 127.0.0.1.",
        discussion: """
            Any API key is accepted, except one that begins with 'bad' (401), 'broke' (402) or 'forbidden' (403). With \
            --faults real, the simulator delivers wrong sizes and formats like the real service. With --faults hostile, \
            calls and downloads also fail.
            """)

    @Option(help: "The port on 127.0.0.1; 0 for any.")
    var port = 8787

    @Option(help: ArgumentHelp("Deliver the pictures of this folder instead of drawn ones.", valueName: "dir"))
    var images: String?

    @Option(help: "The faults of the simulated upstream.")
    var faults: FaultProfile = .none

    @Option(help: "How the simulated upstream charges; 'wrong' also charges wrong amounts, and failed calls.")
    var billing: BillingProfile = .real

    @Option(help: "The seed of all random choices; the same seed gives the same pictures and faults.")
    var seed: UInt64 = 1

    @Option(help: "Completed tasks at the start.")
    var tasks = 24

    @Option(help: "Tasks that the account completes per minute by itself.")
    var rate = 0.0

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port takes a number from 0 to 65535") }
        guard (0...100_000).contains(tasks), (0...6000).contains(rate) else {
            throw ValidationError("--tasks takes a number up to 100000, --rate up to 6000")
        }
    }

    func run() async throws {
        var options = SimulatorOptions()
        options.port = port
        options.images = images
        options.faults = faults
        options.billing = billing
        options.seed = seed
        options.completionsPerMinute = rate
        options.allowInternalCallbacks = true
        let simulator = try UpstreamSimulator(options: options, pictures: SyntheticPictureSource())
        let populated = try await simulator.populate(tasks: tasks)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: simulator)], gracefulShutdownSignals: [.sigterm, .sigint],
                logger: .init(label: "simulate") { _ in SwiftLogNoOpLogHandler() }))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let url = try await simulator.baseURL()
            Terminal.log(
                """
                the simulator listens on \(url), with \(Rendering.count(populated.count, "completed task")). Try in another terminal:
                  export FIXATIVE_API_URL=\(url) FIXATIVE_API_KEY=simulator
                  fixative archive --since 24h --allow-private-hosts
                """)
            try await tasks.waitForAll()
        }
    }
}
