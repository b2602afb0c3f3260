import ArchiveModel
import Logging
import ServiceLifecycle

/// Adds completed tasks over time, like an account that is also used by other programs.
struct AccountActivity: Service {
    let account: Account
    let clock: any WallClock
    let completionsPerMinute: Double

    func run() async throws {
        guard completionsPerMinute > 0 else {
            try? await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await clock.sleep(for: .seconds(60 / completionsPerMinute))
                } catch {
                    return
                }
                await account.addFinishedTask()
            }
        }
    }
}
