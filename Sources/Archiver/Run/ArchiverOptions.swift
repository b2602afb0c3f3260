import BlockingThreads
import Catalog
package import DecoderPool
package import Foundation
package import Networking

/// Settings of an archiver.
package struct ArchiverOptions: Sendable {
    /// Maximum number of outputs in progress at once.
    package var downloads: Int
    /// Pictures decoded at once.
    package var workers: Int
    /// How far back the sweep of the account reads, in seconds; `nil` for no sweep.
    package var since: TimeInterval?
    /// Whether to keep running and sweeping when the queue is empty.
    package var watch: Bool
    /// Seconds between sweeps.
    package var sweepInterval: TimeInterval
    /// Seconds until a lease expires without a heartbeat. The work of a killed process waits this long.
    package var leaseDuration: TimeInterval
    /// Seconds that work in progress may take after a request to stop.
    package var drainTime: TimeInterval
    /// Back-off between the attempts at one output or task.
    package var retry: RetryPolicy
    /// First and longest wait before an unfinished task is read again, in seconds.
    package var pace: ClosedRange<TimeInterval>
    /// If nothing is due within this many seconds, a run without `watch` ends although items are waiting; `nil` to wait for all
    /// of them.
    package var patience: TimeInterval?
    /// Seconds after which the loop reads the queue again, since other processes may add work.
    package var pollInterval: TimeInterval = 1
    /// A waiting item with fewer seconds than this left before its deadline is at risk.
    package var riskTime = AtRisk.time
    /// The largest picture that is decoded: total pixels, and pixels per side. Larger pictures are stored without decoding.
    package var largestPicture: (pixels: Int, side: Int) = (64_000_000, 16_384)
    /// Maximum number of results taken from one task. A task with more results waits for a higher setting.
    package var mostResults = 1000
    /// Where pictures are decoded. The sandbox needs a program that implements the worker command.
    package var decoders = DecoderPool.Place.inProcess
    package var decoderPolicy = DecoderPool.Policy()

    package init(
        downloads: Int = 16, workers: Int = BlockingThreadPool.processors, since: TimeInterval? = nil, watch: Bool = false,
        sweepInterval: TimeInterval = 300, leaseDuration: TimeInterval = 30, drainTime: TimeInterval = 8,
        retry: RetryPolicy = RetryPolicy(base: 2, ceiling: 1800), pace: ClosedRange<TimeInterval> = 3...60,
        patience: TimeInterval? = nil
    ) {
        self.downloads = downloads
        self.workers = workers
        self.since = since
        self.watch = watch
        self.sweepInterval = sweepInterval
        self.leaseDuration = leaseDuration
        self.drainTime = drainTime
        self.retry = retry
        self.pace = pace
        self.patience = patience
    }
}
