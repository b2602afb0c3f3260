package import ArchiveModel
package import BlobStore
package import Catalog
package import Foundation

/// Seals the records of whole days, and adds time stamps to seals without one.
///
/// It can be interrupted at any time, and several processes may do it at once: a seal is never overwritten.
package struct SealMaker: Sendable {
    /// Requests a time-stamp token over a root; returns its DER.
    package typealias Stamp = @Sendable (_ root: Digest) async throws -> [UInt8]

    private let records: any RecordUpkeep
    private let seals: any SealStore
    private let catalog: any EndingReader
    private let clock: any WallClock
    private let archiveID: String
    private let stamp: Stamp?
    private let most: Int

    /// Seconds after midnight UTC until a day counts as closed. A worker may be slow to write the last record of a day.
    package static let closingTime: TimeInterval = 900
    /// Days in which a sealed day is compared with the catalog, so that records found late get another seal.
    package static let lateDays = 45

    /// - Parameters:
    ///   - stamp: `nil` for seals without a time stamp.
    ///   - most: The most leaves of one seal.
    package init(
        records: any RecordUpkeep, seals: any SealStore, catalog: any EndingReader, clock: any WallClock, archiveID: String,
        stamp: Stamp? = nil, most: Int = DaySeal.mostLeaves
    ) {
        (self.records, self.seals, self.catalog, self.clock) = (records, seals, catalog, clock)
        (self.archiveID, self.stamp, self.most) = (archiveID, stamp, most)
    }

    package struct Report: Sendable, Hashable, Encodable {
        package struct Sealed: Sendable, Hashable, Encodable {
            package var seal: String
            package var records: Int
            package var root: Digest
        }

        package var sealed: [Sealed] = []
        /// Names of the seals that got a time stamp.
        package var stamped: [String] = []
        /// Names of the seals that have none.
        package var withoutTimeStamp: [String] = []
        /// Records that could not be sealed, with the reason.
        package var failed: [String] = []
        /// Why no time stamp could be had.
        package var stampProblem: String?

        package init() {}
    }

    /// Seals a day, or all closed days that have records without a seal.
    /// - Parameter day: Any day that has begun. Records that are filed later on it get another seal.
    package func seal(_ day: SealDay? = nil) async throws -> Report {
        var report = Report()
        for day in try await dueDays(day) { try await seal(day, &report) }
        try await addStamps(only: day, &report)
        return report
    }

    /// The next time at which a day closes.
    package static func nextClosing(after now: Date) -> Date {
        let closing = SealDay(of: now).start.addingTimeInterval(closingTime)
        return now < closing ? closing : SealDay(of: now).end.addingTimeInterval(closingTime)
    }

    // MARK: Seals

    private func dueDays(_ day: SealDay?) async throws -> [SealDay] {
        if let day { return [day] }
        let standing = Dictionary(grouping: try await seals.listing().seals, by: \.day)
        let end = SealDay(of: clock.now.addingTimeInterval(-Self.closingTime)).start
        let lateLimit = end.addingTimeInterval(-Double(Self.lateDays) * 86_400)
        var due: [SealDay] = []
        for found in try await catalog.endingDays(before: end) {
            if let names = standing[found.day] {
                guard found.day.start >= lateLimit else { continue }
                var count = 0
                for name in names { count += try await read(name)?.treeSize ?? 0 }
                guard count < found.outputs else { continue }
            }
            due.append(found.day)
        }
        return due
    }

    /// `nil` for a seal that is damaged, which `verify` reports.
    private func read(_ name: SealName) async throws -> DaySeal? {
        guard let bytes = try await seals.bytes(of: name, .seal) else { return nil }
        return try? DaySeal(file: bytes, name: name)
    }

    private struct End: Hashable {
        var id: OutputID
        var endedAt: Date
    }

    private func seal(_ day: SealDay, _ report: inout Report) async throws {
        // Another process that seals the same day takes the name first. Its seal is then read like any other.
        for _ in 0..<5 {
            let names = try await seals.listing().seals.filter { $0.day == day }
            var known: Set<End> = []
            for name in names {
                for output in try await read(name)?.outputs() ?? [] { known.insert(End(id: output.id, endedAt: output.endedAt)) }
            }
            let outputs = try await self.outputs(on: day, without: known, &report)
            guard !outputs.isEmpty else { return }
            var number = (names.last?.number ?? 0) + 1
            var isAlone = true
            for start in stride(from: 0, to: outputs.count, by: most) where isAlone {
                let name = SealName(day: day, number: number)
                let part = Array(outputs[start..<min(start + most, outputs.count)])
                let seal = try DaySeal(name, archive: archiveID, outputs: part, createdAt: clock.now)
                isAlone = try await seals.create(try seal.bytes(), as: name, .seal)
                if isAlone { report.sealed.append(.init(seal: name.text, records: part.count, root: seal.root)) }
                number += 1
            }
            if isAlone { return }
        }
        report.failed.append("\(day): other processes seal this day at the same time; run the command again")
    }

    private func outputs(on day: SealDay, without known: Set<End>, _ report: inout Report) async throws -> [SealedOutput] {
        var outputs: [SealedOutput] = []
        for ending in try await catalog.endings(on: day) where !known.contains(End(id: ending.id, endedAt: ending.endedAt)) {
            let listing = try await records.listing(at: records.path(of: ending.id, day: ending.day))
            guard let listing, case .success(.output(let record)) = listing.record, record.id == ending.id else {
                report.failed.append("\(ending.id): its record is missing or damaged; run 'fixative repair'")
                continue
            }
            guard day.contains(record.endedAt) else {
                report.failed.append("\(ending.id): the catalog differs from its record; run 'fixative repair'")
                continue
            }
            outputs.append(SealedOutput(record, file: Digest(of: listing.bytes), archive: archiveID))
        }
        return DaySeal.sorted(outputs)
    }

    // MARK: Time stamps

    private func addStamps(only day: SealDay?, _ report: inout Report) async throws {
        let listing = try await seals.listing()
        for name in listing.seals where !listing.tokens.contains(name) && (day == nil || name.day == day) {
            guard let stamp, report.stampProblem == nil, let seal = try await read(name) else {
                report.withoutTimeStamp.append(name.text)
                continue
            }
            let token: [UInt8]
            do {
                token = try await stamp(seal.root)
            } catch let error as CancellationError {
                throw error
            } catch {
                report.stampProblem = "\(error)"
                report.withoutTimeStamp.append(name.text)
                continue
            }
            // If another process was faster, its token stays.
            _ = try await seals.create(token, as: name, .token)
            report.stamped.append(name.text)
        }
    }
}
