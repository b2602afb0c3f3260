import Foundation

/// A time-stamp authority made with `openssl ts`, behind a small HTTP server of another program on loopback.
///
/// The path of a request chooses its behaviour: `/`, `/replay` (the first answer again), `/refuse`, `/garbage`, `/long`,
/// `/moved`, `/down`.
package final class TimeStampAuthority: Sendable {
    /// The folder with `ca.pem`, `tsa.pem` and `requests.log`.
    package let folder: String
    package let port: Int
    private let program: Process

    package var url: String { "http://127.0.0.1:\(port)/" }
    package var root: String { folder + "/ca.pem" }

    /// The header fields and sizes of all requests so far.
    package var requests: String { (try? String(contentsOfFile: folder + "/requests.log", encoding: .utf8)) ?? "" }

    package init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "tsa-\(UUID().uuidString)").path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(Self.configuration.utf8).write(to: URL(filePath: folder + "/tsa.cnf"))
        try Data(Self.server.utf8).write(to: URL(filePath: folder + "/server.py"))
        _ = try shell("cd '\(folder)' && sh -c '\(Self.certificates)' 2>&1")
        program = Process()
        program.executableURL = URL(filePath: "/usr/bin/env")
        program.arguments = ["python3", "server.py"]
        program.currentDirectoryURL = URL(filePath: folder)
        let output = Pipe()
        program.standardOutput = output
        try program.run()
        let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(said.trimmingCharacters(in: .whitespacesAndNewlines)) else { throw CocoaError(.fileReadUnknown) }
        self.port = port
    }

    /// Ends the server, so that nobody listens on the port any more.
    package func stop() {
        guard program.isRunning else { return }
        // The child inherits the blocked signals of a test's thread, SIGTERM among them.
        kill(program.processIdentifier, SIGKILL)
        program.waitUntilExit()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static let configuration = """
        [req]
        distinguished_name = name
        [name]
        [ca]
        basicConstraints = critical, CA:TRUE
        keyUsage = critical, keyCertSign, cRLSign
        subjectKeyIdentifier = hash
        [stamps]
        basicConstraints = critical, CA:FALSE
        keyUsage = critical, digitalSignature
        extendedKeyUsage = critical, timeStamping
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        [good]
        serial = serial
        signer_cert = tsa.pem
        certs = ca.pem
        signer_key = tsa.key
        signer_digest = sha256
        default_policy = 1.2.3.4.1
        digests = sha256
        accuracy = secs:1
        tsa_name = yes
        ess_cert_id_alg = sha256
        [choosy]
        serial = serial
        signer_cert = tsa.pem
        signer_key = tsa.key
        signer_digest = sha256
        default_policy = 1.2.3.4.1
        digests = sha512
        ess_cert_id_alg = sha256

        """

    private static let certificates = """
        set -e
        echo 01 > serial
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 3650 -subj "/O=Test/CN=Test TSA Root" \
            -config tsa.cnf -extensions ca
        openssl req -new -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj "/O=Test/CN=Test TSA" -config tsa.cnf
        openssl x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 3000 \
            -extfile tsa.cnf -extensions stamps
        """

    private static let server = """
        import http.server, subprocess

        first = None

        def reply(query, section):
            open("query.tsq", "wb").write(query)
            subprocess.run(["openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", section, "-queryfile", "query.tsq",
                            "-out", "reply.tsr"], check=True, capture_output=True)
            return open("reply.tsr", "rb").read()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                global first
                query = self.rfile.read(int(self.headers["content-length"]))
                with open("requests.log", "a") as log:
                    log.write(f"{self.path} {len(query)}\\n{self.headers}\\n")
                status, body = 200, b"not a time stamp"
                if self.path == "/moved":
                    status = 302
                elif self.path == "/down":
                    status = 503
                elif self.path == "/long":
                    body = bytes(1 << 20)
                elif self.path == "/refuse":
                    body = reply(query, "choosy")
                elif self.path == "/replay" and first:
                    body = first
                elif self.path in ("/", "/replay"):
                    body = reply(query, "good")
                    first = first or body
                self.send_response(status)
                if status == 302:
                    self.send_header("location", "/")
                self.send_header("content-type", "application/timestamp-reply")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *arguments):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_port, flush=True)
        server.serve_forever()

        """
}
