import DecoderPool
import Glibc
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
        // What the first worker leaves open for good, such as the lane's own, is there before the count.
        for round in 0..<2 {
            let pool = DecoderPool(.sandbox, width: 2, policy: policy)
            let before = descriptors
            for deed in ["segfault", "abort", "hang", "socket", "exit", "pid", "pid", "pid", "pid"] {
                _ = try? await pool.inspect(Array("misbehave:\(deed)".utf8))
            }
            pool.close()
            if round == 1 { print(descriptors - before, waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD ? "none" : "children") }
        }
        exit(0)
    }

    private static var descriptors: Int { (0..<1024).count { fcntl(Int32($0), F_GETFD) >= 0 } }
}
