import DecoderPool
import Foundation
import Glibc
import ImageCodecs
import Imaging
import Synchronization

/// A process that has workers.
enum Parent {
    /// Has one idle worker, says so, and waits for the end of its input.
    static func wait() async {
        let pool = DecoderPool(.sandbox, width: 1)
        do {
            try await pool.start()
        } catch {
            print(error)
            exit(1)
        }
        print("ready")
        fflush(nil)
        while getchar() != EOF {}
        // Without an orderly end: the pool is simply gone.
        _exit(0)
    }

    /// Lets workers die in every way and be replaced, and prints how many descriptors and children that has cost.
    static func countLeaks() async {
        var policy = DecoderPool.Policy()
        policy.time = { _ in .milliseconds(200) }
        policy.picturesPerWorker = 2
        policy.pause = { _ in }
        // What the first worker leaves open for good, such as the threads's own, is there before the count.
        for round in 0..<2 {
            let pool = DecoderPool(.sandbox, width: 2, policy: policy)
            let before = descriptors
            for deed in ["segfault", "abort", "hang", "socket", "exit", "pid", "pid", "pid", "pid"] {
                _ = try? await pool.inspect(Array("misbehave:\(deed)".utf8))
            }
            pool.close()
            if round == 1 {
                print(descriptors - before, waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD ? "none" : "children")
            }
        }
        exit(0)
    }

    /// Inspects files in one worker and in this process, and prints what came of each, where the two differ, and the worker's
    /// peak of memory in kilobytes.
    static func compare(_ paths: some Sequence<String>) async {
        let (outside, inside) = (DecoderPool(.sandbox, width: 1), DecoderPool(.inProcess, width: 1))
        for path in paths {
            guard let bytes = FileManager.default.contents(atPath: path).map({ [UInt8]($0) }) else { continue }
            let (one, other) = (await result(of: bytes, outside), await result(of: bytes, inside))
            let outcome =
                switch one {
                case .success(let picture): "\(picture.header.format) \(picture.header.width)x\(picture.header.height)"
                case .failure(let failure): "\(failure)"
                }
            print("\(path): \(outcome)\(one == other ? "" : " DIFFERS")")
        }
        outside.close()
        var usage = rusage()
        _ = unsafe getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
        print("peak \(usage.ru_maxrss)")
        exit(0)
    }

    /// Inspects files again and again at both places in turn, and prints the processor time of each round in milliseconds a picture,
    /// the start of its workers included.
    static func time(_ paths: [String]) async {
        let files = paths.compactMap { FileManager.default.contents(atPath: $0).map { [UInt8]($0) } }
        let repeats = 20
        for round in 0..<6 {
            let place = round.isMultiple(of: 2) ? DecoderPool.Place.inProcess : .sandbox
            let before = processorTime
            let pool = DecoderPool(place, width: 1)
            for _ in 0..<repeats {
                for file in files { _ = try? await pool.inspect(file) }
            }
            pool.close()
            let spent = (processorTime - before) / Double(repeats * max(1, files.count))
            print(place.rawValue, (spent * 100_000).rounded() / 100)
        }
        exit(0)
    }

    /// Seconds of this process and of the children that have ended.
    private static var processorTime: Double {
        [RUSAGE_SELF, RUSAGE_CHILDREN].reduce(0) { sum, who in
            var usage = rusage()
            _ = unsafe getrusage(__rusage_who_t(who.rawValue), &usage)
            let times = [usage.ru_utime, usage.ru_stime]
            return sum + times.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        }
    }

    private struct Failure: Error, Hashable, CustomStringConvertible {
        var description: String
    }

    private static func result(of bytes: [UInt8], _ pool: DecoderPool) async -> Result<InspectedPicture, Failure> {
        do {
            return .success(try await pool.inspect(bytes))
        } catch {
            return .failure(Failure(description: "\(error)"))
        }
    }

    private static var descriptors: Int { (0..<1024).count { fcntl(Int32($0), F_GETFD) >= 0 } }
}
