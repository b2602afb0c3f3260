import TestSupport
import Testing

/// An archive of release 0.1.0 that several processes open at once, such as the service and a timer after an upgrade.
@Suite(.serialized) struct UpgradeTests {
    @Test func processesThatUpgradeAnArchiveAtOnceAllSucceed() throws {
        for _ in 0..<3 {
            let released = try ReleasedArchive()
            defer { withExtendedLifetime(released) {} }
            let processes = try (0..<4).map { _ in try Program.start(["status", "--storage", released.path]) }
            for process in processes {
                let outcome = try process.finish()
                // 1, because the archive has waiting and lost pictures.
                #expect(outcome.status == 1, "\(outcome.errors)")
            }
        }
    }
}
