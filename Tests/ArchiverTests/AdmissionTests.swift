import ArchiveModel
import Archiver
import Catalog
import Foundation
import SizeContract
import Testing

private let noon = Date(milliseconds: 1_795_348_800_000)

/// SplitMix64, so that a failure can be had again.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct AdmissionPlanTests {
    /// The most jobs that any choice finishes in time, by trying all of them.
    private func best(_ jobs: [AdmissionPlan.Job]) -> Int {
        (0..<(1 << jobs.count)).map { choice in
            var time = noon
            for (index, job) in jobs.enumerated() where choice >> index & 1 == 1 {
                time += job.seconds
                if time > job.deadline ?? .distantFuture { return 0 }
            }
            return choice.nonzeroBitCount
        }.max() ?? 0
    }

    @Test func thePlanAdmitsAsManyAsAnExhaustiveSearch() {
        var generator = Seeded(state: 1)
        for _ in 0..<300 {
            let jobs = (0..<9).map { _ in
                AdmissionPlan.Job(
                    deadline: noon.addingTimeInterval(Double(Int.random(in: 1...40, using: &generator))),
                    seconds: Double(Int.random(in: 1...12, using: &generator)))
            }.sorted { ($0.deadline ?? noon) < ($1.deadline ?? noon) }
            let plan = AdmissionPlan.order(jobs, now: noon, connections: 1)
            #expect(plan.admitted == best(jobs))
            #expect(plan.indices.sorted() == Array(jobs.indices), "each job is still tried")
        }
    }

    @Test func aHopelessJobDoesNotDelayOthers() {
        let jobs: [AdmissionPlan.Job] = [
            .init(deadline: nil, seconds: 1), .init(deadline: noon.addingTimeInterval(5), seconds: 60),
            .init(deadline: noon.addingTimeInterval(10), seconds: 6), .init(deadline: noon.addingTimeInterval(11), seconds: 4),
        ]
        // By hand: the second is longer than its time; the others end at 1, 7 and 11.
        #expect(AdmissionPlan.order(jobs, now: noon, connections: 1).indices == [0, 2, 3, 1])
        #expect(AdmissionPlan.order(jobs, now: noon, connections: 1).admitted == 3)
    }
}

/// A queue of 1,000 outputs of mixed sizes and deadlines, and one connection that could fetch 70 % of their bytes by the last deadline.
private struct Rush {
    struct Item {
        var output: QueuedOutput
        var bytes: Int
    }

    var items: [Item]
    let bytesPerSecond: Double

    /// - Parameter spread: How far the bytes of a delivery lie from what is usual for its tier: 0.3 for 30 %.
    init(seed: UInt64, spread: Double) throws {
        var generator = Seeded(state: seed)
        let tiers: [(String, Double)] = [("1K", 2e6), ("2K", 4e6), ("4K", 9e6)]
        items = try (0..<1000).map { number in
            let tier = tiers[[0, 0, 0, 0, 0, 1, 1, 1, 2, 2].randomElement(using: &generator) ?? 0]
            let factor = Double.random(in: (1 - spread)...(1 + spread), using: &generator)
            let deadline = noon.addingTimeInterval(.random(in: 60...7200, using: &generator).rounded())
            let id = OutputID(task: try #require(TaskID("t-\(number)")), index: 0)
            let request = RecordedRequest(size: "1:1", resolution: tier.0)
            return Item(output: QueuedOutput(id: id, deadline: deadline, request: request), bytes: Int(tier.1 * factor))
        }
        bytesPerSecond = items.reduce(0.0) { $0 + Double($1.bytes) } * 0.7 / 7200
    }

    func seconds(_ item: Item) -> Double { Double(item.bytes) / bytesPerSecond }

    /// How many are fetched before their deadline when `choose` names the next of those that are left.
    func saved(_ choose: (_ left: [Int], _ now: Date) -> Int, _ done: (_ index: Int) -> Void = { _ in }) -> Int {
        var (left, now, saved) = (Array(items.indices), noon, 0)
        while !left.isEmpty {
            let next = choose(left, now)
            left.removeAll { $0 == next }
            now += seconds(items[next])
            if now <= items[next].output.deadline ?? .distantFuture { saved += 1 }
            done(next)
        }
        return saved
    }

    /// As many as anybody could save who knew every size beforehand (Moore and Hodgson, written down once more).
    var optimum: Int {
        var (taken, total): ([Double], Double) = ([], 0)
        for item in items.sorted(by: { ($0.output.deadline ?? noon) < ($1.output.deadline ?? noon) }) {
            taken.append(seconds(item))
            total += seconds(item)
            if noon.addingTimeInterval(total) > item.output.deadline ?? .distantFuture, let longest = taken.max(),
                let place = taken.firstIndex(of: longest)
            {
                taken.remove(at: place)
                total -= longest
            }
        }
        return taken.count
    }

    func savedInOrder() -> Int { saved { left, _ in left[0] } }

    func savedByDeadline() -> Int {
        saved { left, _ in left.min { byDeadline(items[$0].output, items[$1].output) } ?? left[0] }
    }

    private func byDeadline(_ one: QueuedOutput, _ other: QueuedOutput) -> Bool {
        (one.deadline ?? noon) < (other.deadline ?? noon)
    }

    /// With the schedule that the archiver works by, on one connection, learning sizes and pace as it goes.
    func savedBySchedule() -> Int {
        var schedule = DownloadSchedule(connections: 1)
        var numbers: [OutputID: Int] = [:]
        for (number, item) in items.enumerated() { numbers[item.output.id] = number }
        return saved { left, now in
            if schedule.wantsPlan(now: now) {
                let queued = left.map { items[$0].output }
                let waiting = queued.filter { ($0.deadline ?? noon) >= now }.sorted(by: byDeadline)
                let late = queued.filter { ($0.deadline ?? noon) < now }.sorted(by: byDeadline)
                schedule.plan(waiting + late, now: now)
            }
            return schedule.next(1).first.flatMap { numbers[$0] } ?? left[0]
        } _: { index in
            schedule.record(bytes: items[index].bytes, request: items[index].output.request, seconds: seconds(items[index]))
        }
    }
}

@Suite struct WindowTests {
    /// The optimum knows the size of every file beforehand; the schedule knows what was asked for. Where files of one tier differ by
    /// up to 30 %, nobody without that knowledge can do as well, and a little less is asked.
    @Test(
        "With room for 70 %, nearly as much is saved as is possible", arguments: [1, 2, 3] as [UInt64],
        [(spread: 0, goal: 0.98), (spread: 0.3, goal: 0.95)])
    func nearlyEverythingPossibleIsSavedInARush(seed: UInt64, sizes: (spread: Double, goal: Double)) throws {
        let spread = sizes.spread
        let rush = try Rush(seed: seed, spread: spread)
        let (first, deadline) = (rush.savedInOrder(), rush.savedByDeadline())
        let (schedule, optimum) = (rush.savedBySchedule(), rush.optimum)
        let share = (Double(schedule) / Double(optimum) * 1000).rounded() / 10
        print(
            "window seed \(seed) sizes ±\(Int(spread * 100)) %: first in first out \(first), earliest deadline \(deadline), "
                + "admission \(schedule), offline optimum \(optimum): \(share) %")
        #expect(Double(schedule) >= sizes.goal * Double(optimum))
        #expect(schedule > deadline)
        #expect(schedule > first)
    }
}
