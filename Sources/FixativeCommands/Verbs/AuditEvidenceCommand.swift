import ArgumentParser

struct AuditEvidenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "evidence", abstract: "todo")
    func run() async throws {}
}
