import ArchiveModel
import Foundation

/// The simulated account: its tasks, its credits and the state of its links.
actor Account {
    /// The filters of a task list.
    struct Filter: Sendable {
        var statuses: Set<SimulatedEntry.Status>?
        var type: String?
        var model: String?
    }

    private let forge: TaskForge
    private let clock: any WallClock
    private let generationTime: TimeInterval
    private let openingCredits: Credits
    private var entries: [String: SimulatedEntry] = [:]
    /// Sorted IDs, newest first; `nil` after a change until the next list.
    private var newestFirst: [String]?
    private var nextSerial = 0
    /// The first task created with each `Idempotency-Key`.
    private var creations: [String: SimulatedEntry] = [:]
    /// Files whose first link was refused; later reads return a fresh link.
    private var refusedFiles: Set<String> = []

    init(options: SimulatorOptions, folder: [FolderPicture]) {
        forge = TaskForge(
            seed: options.seed, profile: options.faults, folder: folder, billing: BillingPlan(options))
        clock = options.clock
        generationTime = TimeInterval(options.generationTime)
        openingCredits = Credits(tenths: Int(options.openingCredits * 10))
    }

    // MARK: Creating tasks

    /// Starts a task, or returns the one started earlier with the same key.
    ///
    /// - Throws: ``SimulatedAPIError`` if the account has too few credits.
    func create(_ request: SimulatedRequest, key: String?) throws(SimulatedAPIError) -> (entry: SimulatedEntry, isReplayed: Bool)
    {
        if let key, let first = creations[key] { return (first, true) }
        guard request.price.tenths <= balance.left.tenths else {
            throw .insufficientQuota("the call costs \(request.price.amount) credits, and \(balance.left.amount) are left")
        }
        let now = clock.now
        let entry = forge.task(
            request, serial: takeSerial(), created: now, finishes: now.addingTimeInterval(generationTime), mayFail: true)
        add(entry)
        if let key { creations[key] = entry }
        return (entry, false)
    }

    /// Adds completed tasks with creation times spread over the last 20 hours, oldest first.
    func populate(_ count: Int) -> [SimulatedEntry] {
        let now = clock.now
        let span: TimeInterval = 20 * 3600
        return (0..<count).map { position in
            let serial = takeSerial()
            var draw = Draw(seed: forge.seed, "age", serial)
            let age = span * (Double(count - position) - draw.fraction()) / Double(count)
            // At least half a minute ago, so that even the newest task is finished when it is first read.
            let finishes = now.addingTimeInterval(-max(age, 30)).wholeMilliseconds
            let created = finishes.addingTimeInterval(-generationTime).wholeMilliseconds
            let entry = forge.stockTask(serial: serial, created: created, finishes: finishes, mayFail: false)
            add(entry)
            return entry
        }
    }

    /// Adds a task that another client started with the same API key and that has just finished.
    @discardableResult
    func addFinishedTask() -> SimulatedEntry {
        let now = clock.now
        let entry = forge.stockTask(
            serial: takeSerial(), created: now.addingTimeInterval(-generationTime), finishes: now, mayFail: true)
        add(entry)
        return entry
    }

    private func takeSerial() -> Int {
        defer { nextSerial += 1 }
        return nextSerial
    }

    private func add(_ entry: SimulatedEntry) {
        entries[entry.id] = entry
        newestFirst = nil
    }

    // MARK: Reading

    /// The task with this ID, unless it has vanished.
    func task(_ id: String) -> SimulatedEntry? {
        guard let entry = entries[id], entry.fate != .vanished else { return nil }
        return entry
    }

    /// One page of the account's tasks, newest first, and the number of tasks that match the filter.
    ///
    /// Vanished tasks are still listed, but can't be read.
    func list(_ filter: Filter, page: Int, pageSize: Int) -> (rows: [SimulatedEntry], previous: SimulatedEntry?, total: Int) {
        let now = clock.now
        let matching = sortedIDs().compactMap { entries[$0] }.filter { entry in
            (filter.statuses?.contains(entry.status(at: now)) ?? true) && (filter.type ?? "image") == "image"
                && (filter.model ?? entry.request.model) == entry.request.model
        }
        let (start, overflow) = (page - 1).multipliedReportingOverflow(by: pageSize)
        guard !overflow, start < matching.count else { return ([], nil, matching.count) }
        let rows = Array(matching[start..<min(start + pageSize, matching.count)])
        return (rows, start > 0 ? matching[start - 1] : nil, matching.count)
    }

    private func sortedIDs() -> [String] {
        if let newestFirst { return newestFirst }
        let sorted = entries.values.sorted { ($0.created, $0.serial) > ($1.created, $1.serial) }.map(\.id)
        newestFirst = sorted
        return sorted
    }

    // MARK: Credits

    var balance: (left: Credits, used: Credits, reserved: Credits) {
        let now = clock.now
        var (used, reserved) = (0, 0)
        for entry in entries.values {
            used += entry.used(at: now).tenths
            reserved += entry.reserved(at: now).tenths
        }
        return (Credits(tenths: openingCredits.tenths - used - reserved), Credits(tenths: used), Credits(tenths: reserved))
    }

    // MARK: Links

    /// The number in the current links to a file: 2 after the first one was refused.
    func linkNumber(of file: String) -> Int { refusedFiles.contains(file) ? 2 : 1 }

    func recordRefusal(of file: String) { refusedFiles.insert(file) }
}
