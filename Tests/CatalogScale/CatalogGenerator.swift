import Foundation
import GRDB

/// Fills a catalog whose schema the program has made: rows go through its tables, indices and triggers as in daily life, only many
/// to a transaction and without waiting for the disk.
struct CatalogGenerator {
    private let database: DatabaseQueue
    private var random = SeededGenerator(state: 1)

    init(path: String) throws {
        var configuration = GRDB.Configuration()
        configuration.prepareDatabase {
            try $0.execute(sql: "PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA foreign_keys = ON")
        }
        database = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// One delivery: verdict, billed and delivered tier, tenths overpaid, and how many of a thousand are so.
    private static let deliveries: [(String, String?, String?, Int?, Int)] = [
        ("exact", "1K", "1K", 0, 300), ("exact", "2K", "2K", 0, 100), ("resized", "1K", "1K", 0, 200),
        ("accepted", "1K", "1K", 0, 150), ("unrequested", nil, "1K", nil, 100), ("undersized", "4K", "1K", 16, 60),
        ("undersized", "2K", "1K", 7, 40), ("reshaped", "1K", "1K", 0, 38), ("oversized", "1K", "2K", 0, 10),
        ("undecodable", "1K", nil, nil, 1), ("transposed", "4K", "4K", 0, 1),
    ]

    /// `count` outputs of a year up to `end`, nine tenths of them archived.
    mutating func fillArchive(_ count: Int, end: Date, stock: PromptStock) throws {
        let step = 365 * 86_400_000 / Int64(count)
        let base = Int64(end.timeIntervalSince1970 * 1000) - step * Int64(count)
        let spread = Self.deliveries.flatMap { Array(repeating: $0, count: $0.4) }
        let models = ["gpt-image-2", "gpt-image-2", "gpt-image-2", "gpt-image-2", "gpt-image-2-beta", "other-model"]
        for start in stride(from: 0, to: count, by: 50_000) {
            try database.write { database in
                let task = try database.makeStatement(sql: Self.insertTask)
                let output = try database.makeStatement(sql: Self.insertOutput)
                for number in start..<min(start + 50_000, count) {
                    // In whole seconds, as the upstream says it; some share one.
                    let time = (base + step * Int64(number - number % 3 / 2)) / 1000 * 1000
                    let id = "task-unified-\(time / 1000)-\(Self.hexadecimal(random.next(), digits: 8))"
                    let answer = """
                        {"created":\(time / 1000),"id":"\(id)","results":["https://files.example/\(id)/0.png"],"status":"completed",\
                        "usage":{"credits_reserved":1.5,"note":"\(String(repeating: "x", count: 60))"}}
                        """
                    let model = models[Int(random.next() % 6)]
                    try task.execute(arguments: [id, time + 60_000, time, model, stock.prompt(using: &random), time, answer])
                    let key = database.lastInsertedRowID
                    var row: [(any DatabaseValueConvertible)?] = [key]
                    switch random.next() % 100 {
                    case 0..<90:
                        let delivery = spread[Int(random.next() % UInt64(spread.count))]
                        row += ["archived", nil, time + 90_000, nil, digest(), 1_500_000 + number % 1000, delivery.0, delivery.1]
                        row += [delivery.2, delivery.3, digest(), digest()]
                    case 90..<98:
                        row += ["waiting", "https://files.example/\(id)/0.png?sig=\(digest())", nil, nil, nil, nil, nil, nil]
                        row += [nil, nil, nil, nil]
                    default:
                        row += ["unavailable", nil, time + 90_000, "gone: 404 from the storage host", nil, nil, nil, nil]
                        row += [nil, nil, nil, nil]
                    }
                    row += [time + 86_400_000, time]
                    try output.execute(arguments: StatementArguments(row))
                }
            }
        }
        try checkpoint()
    }

    /// `count` outputs that wait, four to a task, and as many tasks that wait: most due, some later, some past their deadline, some
    /// left by a worker.
    mutating func fillQueue(_ count: Int, now: Date) throws {
        let now = Int64(now.timeIntervalSince1970 * 1000)
        for start in stride(from: 0, to: count, by: 50_000) {
            try database.write { database in
                let task = try database.makeStatement(sql: Self.insertQueuedTask)
                let output = try database.makeStatement(sql: Self.insertQueuedOutput)
                for number in start..<min(start + 50_000, count) {
                    let due = random.next() % 20 == 0 ? now + 300_000 : now - 1000
                    let created = now - Int64(random.next() % 86_400) * 1000
                    if number % 4 == 0 {
                        try task.execute(arguments: ["w-\(number)", "waiting", now, created, due])
                        try task.execute(arguments: ["q-\(number)", "resolved", now, created, due])
                    }
                    let isLeft = number % 10_000 == 0
                    try output.execute(
                        arguments: [
                            "q-\(number / 4 * 4)", number % 4, isLeft ? "leased" : "waiting",
                            "https://files.example/\(number)?sig=0", created + 86_000_000, due, isLeft ? now - 1 : nil,
                        ])
                }
            }
        }
        try checkpoint()
    }

    private func checkpoint() throws {
        try database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        // What was not waited for while filling must not be waited for while measuring.
        sync()
    }

    private mutating func digest() -> String {
        Self.hexadecimal(random.next(), digits: 16) + "0123456789abcdef0123456789abcdef0123456789abcdef"
    }

    private static func hexadecimal(_ number: UInt64, digits: Int) -> String {
        let signs = Array("0123456789abcdef".utf8)
        return String(decoding: (0..<digits).map { signs[Int(number >> (4 * UInt64($0)) & 15)] }, as: UTF8.self)
    }

    private static let insertTask = """
        INSERT INTO task (id, state, source, discovered_at, created_at, model, prompt, size, resolution, requested_at, has_request,
            answer, due_at) VALUES (?1, 'resolved', 'sweep', ?2, ?3, ?4, ?5, '16:9', '1K', ?6, 1, ?7, ?6)
        """
    private static let insertOutput = """
        INSERT INTO output (task, idx, state, link, ended_at, reason, digest, bytes, media_type, format, verdict, width, height,
            billed_tier, delivered_tier, overpaid_tenths, thumb_digest, thumb_type, thumb_width, thumb_height, preview_digest,
            preview_type, preview_width, preview_height, thumb_hash, perceptual_hash, deadline, due_at)
        VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, 'image/png', 'png', ?8, 1672, 941, ?9, ?10, ?11, ?12, 'image/jpeg', 512, 288, ?13,
            'image/jpeg', 1280, 720, 'LAgODIJf', 'cb36b2344dcb4b25', ?14, ?15)
        """
    private static let insertQueuedTask =
        "INSERT INTO task (id, state, source, discovered_at, created_at, due_at) VALUES (?, ?, 'sweep', ?, ?, ?)"
    private static let insertQueuedOutput = """
        INSERT INTO output (task, idx, state, link, deadline, due_at, lease_expires_at)
        SELECT key, ?2, ?3, ?4, ?5, ?6, ?7 FROM task WHERE id = ?1
        """
}
