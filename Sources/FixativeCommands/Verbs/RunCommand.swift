import ArchiveServer
import ArchiveStore
import Archiver
import ArgumentParser
import DecoderPool
import GenerationAPI
import Logging
import Secrets
import Upkeep

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Archive everything that the account generates, and serve it, until it is stopped.",
        discussion: """
            The service regularly reads the account's list of tasks (a sweep), and serves the archive over HTTP. It accepts \
            the upstream's callbacks when FIXATIVE_HOOK_SECRET is set, and passes the upstream's API through under /v1. \
            FIXATIVE_READ_TOKEN and FIXATIVE_ADMIN_TOKEN protect it. Without a token it listens on this machine only, and \
            nothing can be changed through it. Callers of the gateway can send FIXATIVE_GATEWAY_TOKEN instead of the API \
            key. Separate several tokens or secrets by commas. SIGTERM ends it within 10 s. SIGHUP reads settings, and the \
            files of keys, tokens and secrets, again.
            """)

    @Option(help: ArgumentHelp("The address to serve at.", valueName: "host:port"))
    var listen = ListenAddress(host: "127.0.0.1", port: 8080)

    @Option(help: ArgumentHelp("How far back the first sweep looks: 24h, 7d.", valueName: "span"))
    var since = DurationArgument(seconds: 86400)

    @Option(help: ArgumentHelp("Seconds between sweeps of the account (default: 300).", valueName: "seconds"))
    var sweepInterval: Int?

    @Option(
        help: ArgumentHelp(
            "The address at which the upstream reaches this service. The gateway adds a callback address there to requests without one.",
            valueName: "url"))
    var publicURL: String?

    @Flag(
        name: .customLong("validate"),
        help: "Refuse sizes outside the documented limits in the gateway, before they cost money.")
    var validatesRequests = false

    @Flag(help: "Let callers of the gateway use their own API keys, and read their tasks with these keys.")
    var forwardAuthorization = false

    @Option(
        help: ArgumentHelp(
            "Watch this folder for lists of tasks (manifests, *.jsonl), and archive their tasks.", valueName: "dir"))
    var watchDir: String?

    @Option(
        help: ArgumentHelp(
            "Send notifications to this address: Standard Webhooks, signed with FIXATIVE_NOTIFY_SECRET.",
            valueName: "url"))
    var notifyURL: String?

    @Option(help: "text or json (default: text on a terminal, json otherwise).")
    var logFormat: LogFormat?

    @OptionGroup var common: CommonOptions
    @OptionGroup var work: WorkOptions

    func validate() throws {
        guard (sweepInterval ?? 1) > 0 else { throw ValidationError("--sweep-interval takes a number of seconds above 0") }
    }

    func run() async throws {
        ignoreHangups()
        let input = try await load()
        try ServiceInput.check(input.secrets, listen: listen)
        let log = ServiceLog(logFormat, verbose: common.verbose, secrets: input.secrets.all + [input.key.unsafeSecret])
        for warning in input.warnings { log.report(.warning(warning)) }
        if input.settings.decoders == .sandbox {
            // Fail at startup, not at the first picture, if the kernel refuses the sandbox.
            let pool = DecoderPool(.sandbox, width: 1)
            defer { pool.close() }
            try await pool.start()
        }
        var archive: Archive?
        do {
            archive = try Archive(input.settings, creating: true)
        } catch {
            guard DiskState.isUnwritable(near: input.settings.storage) else { throw error }
            log.logger.error(
                "the archive can't be opened yet; the service tries again", metadata: ["reason": "\(error)"])
        }
        var options = ArchiveService.Options(listen: listen, since: since.seconds)
        options.watchFolder = watchDir
        options.notifyURL = notifyURL ?? input.settings.notifyURL
        let service = try await ArchiveService(archive, input: input, options, log: log) { try await load() }
        try await service.run()
    }

    /// Reads the service's input; called at startup and on SIGHUP.
    private func load() async throws -> ServiceInput {
        var warnings: [String] = []
        let settings = try await Settings.load(common, work: work, sweepInterval: sweepInterval) { warnings.append($0) }
        _ = try SealMaker.stamp(settings.tsa, allowsPlainHTTP: settings.allowsPrivateHosts)
        let (key, secrets) = (try settings.requireKey(), try ServiceSecrets())
        var gateway = Gateway.Options(baseURL: settings.apiURL, key: key)
        gateway.validates = validatesRequests
        gateway.forwardsKeys = forwardAuthorization
        gateway.callbackURL = try publicURL.map {
            try secrets.callbackURL(under: $0, allowsPrivateHosts: settings.allowsPrivateHosts)
        }
        return ServiceInput(settings: settings, key: key, secrets: secrets, gateway: gateway, warnings: warnings)
    }
}

/// An address to listen on: `127.0.0.1:8080`, `[::1]:8080`, `0.0.0.0:80`.
struct ListenAddress: ExpressibleByArgument {
    let host: String
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let port = Int(argument[argument.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        let host = argument[..<colon]
        self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : String(host)
        self.port = port
        guard !self.host.isEmpty else { return nil }
    }

    func text(port: Int) -> String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    var defaultValueDescription: String { text(port: port) }
}
