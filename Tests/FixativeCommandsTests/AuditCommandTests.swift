import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct AuditCommandTests {
    /// The folder of a demo's archive, made once; it stays until the process ends.
    private static let demo = Result {
        let path = FileManager.default.temporaryDirectory.appending(path: "fixative-audit-\(UUID().uuidString)").path
        let made = try Program.run(
            "demo", "--tasks", "12", "--seed", "3", "--faults", "real", "--storage", path + "/s", "--format", "json")
        try #require(made.status == 0, "\(made.errors)")
        return path
    }

    private func run(_ arguments: String...) throws -> Program.Outcome {
        try Program.start(["audit"] + arguments + ["--storage", try Self.demo.get() + "/s"]).finish()
    }

    private func json(_ outcome: Program.Outcome) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    }

    /// SQLite and Python, which know nothing of the audit, come to the same sum.
    @Test func anotherProgramComputesTheSameAmounts() throws {
        let report = try json(try run("--base-price", "0.037", "--currency", "eur", "--format", "json"))
        let money = try #require((report["summary"] as? [String: Any])?["money"] as? [String: Any])
        #expect(money["unit"] as? String == "EUR")
        let catalog = try Self.demo.get() + "/s/catalog.sqlite"
        let program = """
            import sqlite3
            from decimal import Decimal as D
            factor = {'1K': D('1'), '2K': D('1.7'), '4K': D('2.6')}
            paid = short = D(0)
            db = sqlite3.connect('file:\(catalog)?mode=ro', uri=True)
            for billed, got, n in db.execute('''SELECT billed_tier, delivered_tier, (SELECT COUNT(*) FROM output b WHERE b.task = a.task)
                FROM output a WHERE state = 'archived' AND billed_tier IS NOT NULL'''):
                paid += D('0.037') * factor[billed] / n
                if got: short += max(D(0), factor[billed] - factor[got]) * D('0.037') / n
            print(round(paid, 5), round(short, 5))
            """
        let sums = try shell("python3 - <<'END'\n\(program)\nEND").split(whereSeparator: \.isWhitespace).map(String.init)
        for (name, sum) in zip(["paid", "undelivered"], sums) {
            let ours = try #require(Decimal(string: money[name] as? String ?? ""))
            #expect(abs(ours - (Decimal(string: sum) ?? -1)) < Decimal(string: "0.00002") ?? 0, "\(name): \(ours) and \(sum)")
        }
        #expect(sums.first != "0.00000")
    }

    @Test func groupsAndFiltersAddUpToTheWhole() throws {
        let whole = try #require(try json(try run("--format", "json"))["outputs"] as? [[String: Any]])
        let groups = try #require(try json(try run("--group-by", "verdict", "--format", "json"))["groups"] as? [[String: Any]])
        var sum = 0
        for group in groups {
            let name = try #require(group["name"] as? String)
            let count = try #require((group["summary"] as? [String: Any])?["outputs"] as? Int)
            sum += count
            #expect(count == whole.count { $0["verdict"] as? String == name })
            let filtered = try #require(try json(try run("--verdict", name, "--format", "json"))["outputs"] as? [[String: Any]])
            #expect(filtered.count == count)
        }
        #expect(sum == whole.count && sum > 0)
        let tiers = try ["1K", "2K", "4K"].map { tier in
            try #require(try json(try run("--tier", tier, "--format", "json"))["outputs"] as? [Any]).count
        }
        #expect(tiers.reduce(0, +) == whole.count { $0["requestedTier"] != nil })
        #expect(try json(try run("--until", "2001-01-01", "--format", "json"))["outputs"] as? [String] == [])
        #expect(try json(try run("--model", "none", "--format", "json"))["outputs"] as? [String] == [])
        #expect(
            try run("--query", "nobodyasksthis", "--group-by", "day", "--format", "csv").output.split(separator: "\r\n").count
                == 1)
    }

    @Test func optionsDecideWhichVerdictsFailTheAudit() throws {
        #expect(try run("--summary").status == 1)
        #expect(try run("--summary", "--fail-on", "none").status == 0)
        #expect(try run("--fail-on", "undersized,lost", "--group-by", "day").status == 1)
        #expect(try run("--fail-on", "transposed,undecodable").status == 0)
        #expect(try run("--tolerance", "ratio", "--verdict", "resized").status == 0)
        #expect(try run("--verdict", "resized").status == 1)
    }

    @Test(
        arguments: [
            ["--fail-on", "everything"], ["--fail-on", ""], ["--fail-on", "none,lost"],
            ["--fail-on", "lost", "--tolerance", "ratio"],
            ["--base-price", "0"], ["--base-price", "-1"], ["--base-price", "0,05"], ["--base-price", "cheap"],
            ["--currency", "EUR"],
            ["--base-price", "1", "--currency", "US$"], ["--summary", "--group-by", "day"], ["--near", "4"],
            ["--delimiter", ";"], ["--decimal", ","], ["--format", "csv", "--delimiter", "x"], ["--columns", "task,colour"],
            ["--columns", "task", "--format", "json"], ["--group-by", "day,month,model"], ["--group-by", "day,day"],
            ["--time-zone", "Nowhere/City"], ["--credit-price", "0"], ["--against-account", "--net"], ["--fail-on", "as-priced"],
            ["--consistency", "--near", "11"], ["--consistency", "--near", "-1"], ["--bom"],
            ["--against-account", "--verdict", "exact"], ["--against-account", "--base-price", "1"],
            ["--against-account", "--fail-on", "none"], ["--against-account", "--tolerance", "ratio"],
            ["--consistency", "--format", "html"], ["--group-by", "colour"], ["--since", "2026-02-30"],
            ["--since", "2026-02-28T25:00:00Z"],
            ["--since", "2026-13-01"], ["--fail-on", "lost", "--verdict", "exact"],
        ])
    func wrongAuditUsageExitsWith64(_ arguments: [String]) throws {
        let outcome = try Program.start(["audit"] + arguments + ["--storage", try Self.demo.get() + "/s"]).finish()
        #expect(outcome.status == 64, "\(outcome.output) \(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    @Test func aSheetBeginsWithAByteOrderMarkOnRequest() throws {
        let folder = try Self.demo.get()
        #expect(try run("--format", "csv", "--bom", "-o", folder + "/a.csv").output.isEmpty)
        #expect(
            try shell("head -c 7 '\(folder)/a.csv' | od -An -tx1").trimmingCharacters(in: .whitespacesAndNewlines)
                == "ef bb bf 74 61 73 6b")
        let plain = try run("--format", "csv").output
        #expect(try shell("tail -c +4 '\(folder)/a.csv'") == plain)
        #expect(!FileManager.default.fileExists(atPath: folder + "/a.csv.part"))
        let rows = try shell(
            "tail -c +4 '\(folder)/a.csv' | python3 -c 'import csv,sys; print(len(list(csv.DictReader(sys.stdin))))'")
        #expect(Int(rows.trimmingCharacters(in: .whitespacesAndNewlines)) == plain.split(separator: "\r\n").count - 1)
    }

    @Test func anUnwritableFileIsReported() throws {
        let outcome = try run("--format", "html", "-o", try Self.demo.get() + "/none/report.html")
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("can't be written"))
    }

    /// As root, a rename would put a plain file in the place of a device.
    @Test func pipesAndLinksAreWrittenInPlace() throws {
        let folder = try Self.demo.get()
        let plain = try run("--format", "csv").output
        let read = try shell(
            "mkfifo '\(folder)/pipe'; cat '\(folder)/pipe' & '\(Program.executable.path)' audit --format csv -o '\(folder)/pipe' --storage '\(folder)/s'; wait; test -p '\(folder)/pipe' || echo gone"
        )
        #expect(read == plain)
        let linked = try shell(
            "echo old > '\(folder)/target'; echo mine > '\(folder)/target.part'; ln -s target '\(folder)/link'; '\(Program.executable.path)' audit --format csv -o '\(folder)/link' --storage '\(folder)/s'; test -L '\(folder)/link' && cat '\(folder)/target.part' '\(folder)/target'"
        )
        #expect(linked == "mine\n" + plain)
        #expect(try run("-o", folder).status == 2)
    }

    /// Whoever adds up a sheet comes to what the summary says.
    @Test func aSheetIncludesThePriceOfLostOutputs() throws {
        let folder = try Folder()
        let made = try Program.run(
            "demo", "--tasks", "40", "--seed", "11", "--faults", "hostile", "--storage", folder.path + "/s", "--format", "json")
        #expect(made.status == 0, "\(made.errors)")
        // What fails is lost only by a person's word while its window is open.
        let failing = try shell(
            "'\(Program.executable.path)' list --failing --format csv --storage '\(folder.path)/s' | tail -n +2 | cut -d, -f2 | sort -u"
        )
        let ids = failing.split(separator: "\n").map(String.init)
        #expect(!ids.isEmpty)
        let ended = try Program.start(["give-up"] + ids + ["--storage", folder.path + "/s"]).finish()
        #expect(ended.status == 0, "\(ended.errors)")
        let report = try json(try Program.run("audit", "--format", "json", "--storage", folder.path + "/s"))
        let money = try #require((report["summary"] as? [String: Any])?["money"] as? [String: Any])
        #expect((report["lost"] as? [Any])?.isEmpty == false)
        let sum = try shell(
            "'\(Program.executable.path)' audit --format csv --storage '\(folder.path)/s' | python3 -c 'import csv,sys; from decimal import Decimal as D; print(sum((D(r[\"paid\"]) for r in csv.DictReader(sys.stdin) if r[\"paid\"]), D(0)).normalize())'"
        )
        #expect(
            Decimal(string: sum.trimmingCharacters(in: .whitespacesAndNewlines))
                == Decimal(string: money["paid"] as? String ?? ""))
    }

    @Test func thePageLinksToTheOriginals() throws {
        let folder = try Self.demo.get()
        let page = folder + "/report.html"
        #expect(try run("--format", "html", "--base-price", "0.05", "-o", page).status == 1)
        let html = try String(contentsOfFile: page, encoding: .utf8)
        let links = html.matches(of: /<td><a href="([^"]+)"/).map { String($0.output.1) }
        #expect(!links.isEmpty)
        for link in links { #expect(FileManager.default.fileExists(atPath: folder + "/" + link), "\(link)") }
        #expect(html.contains("data:image/"))
    }

    /// Checked by the programs of whoever receives it.
    @Test func evidenceCanBeCheckedByOtherPrograms() throws {
        let folder = try Self.demo.get()
        let outputs = try #require(try json(try run("--format", "json"))["outputs"] as? [[String: Any]])
        let task = try #require(outputs.first?["taskId"] as? String)
        let digests = outputs.filter { $0["taskId"] as? String == task }.compactMap {
            ($0["delivered"] as? [String: Any])?["sha256"] as? String
        }
        #expect(try run("evidence", task, folder + "/e").status == 0)
        #expect(try run("evidence", task, folder + "/e.zip").status == 0)
        #expect(try shell("cd '\(folder)/e' && sha256sum --strict --quiet -c SHA256SUMS && echo whole") == "whole\n")
        let names = try shell("cd '\(folder)/e' && find . -type f ! -name SHA256SUMS | wc -l; wc -l < SHA256SUMS").split(
            separator: "\n")
        #expect(names.first == names.last, "every file is listed")
        #expect(
            try shell("cd '\(folder)/e' && sha256sum */original.* | cut -c1-64 | sort") == digests.sorted().joined(
                separator: "\n") + "\n")
        let unpacked = """
            import zipfile, sys
            z = zipfile.ZipFile('\(folder)/e.zip')
            assert z.testzip() is None
            z.extractall('\(folder)/u')
            """
        _ = try shell("python3 - <<'END'\n\(unpacked)\nEND")
        #expect(try shell("diff -r '\(folder)/e' '\(folder)/u' && echo same") == "same\n")
        let again = try run("evidence", task, folder + "/e.zip")
        #expect(again.status == 2 && again.errors.contains("already exists"))
        let unknown = try run("evidence", "task-of-nobody", folder + "/x")
        #expect(unknown.status == 2 && unknown.errors.contains("the archive has no task task-of-nobody"))
        #expect(!FileManager.default.fileExists(atPath: folder + "/x"))
    }

    /// The record has its right second line: `sed 2d FILE | sha256sum`.
    @Test func aPathInARecordWritesNothingOutsideOfTheEvidence() throws {
        let folder = try Folder()
        let storage = folder.path + "/s"
        _ = try shell("cp -a '\(try Self.demo.get())/s' '\(storage)'")
        let found = try shell("grep -rl '\"mediaType\" : \"image/png\"' '\(storage)/records' | sort | head -1")
        let record = found.trimmingCharacters(in: .whitespacesAndNewlines)
        let program = """
            import hashlib
            lines = open('\(record)', 'rb').read().split(b'\\n')
            del lines[1]
            lines = [line.replace(b'"image/png"', b'"image/../../../../outside/x"') for line in lines]
            sum = hashlib.sha256(b'\\n'.join(lines)).hexdigest()
            lines.insert(1, b'  "_sha256" : "' + sum.encode() + b'",')
            open('\(record)', 'wb').write(b'\\n'.join(lines))
            """
        _ = try shell("python3 - <<'END'\n\(program)\nEND")
        // Without the index: `-0.json`.
        let task = String((record as NSString).lastPathComponent.dropLast(7))
        for out in ["e", "e.zip"] {
            let made = try Program.run("audit", "evidence", task, "\(folder.path)/\(out)", "--storage", storage)
            #expect(made.status == 2 && made.errors.contains("is missing or damaged"), "\(made.errors)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["s"])
    }

    @Test func theAccountIsComparedWithTheArchive() async throws {
        let folder = try Folder()
        let storage = folder.path + "/s"
        let simulator = try Program.start(["simulate", "--port", "0", "--tasks", "6"])
        try #require(try await simulator.says("export FIXATIVE_API_URL="))
        let said = try String(contentsOf: simulator.errors, encoding: .utf8)
        let url = try #require(said.firstMatch(of: /FIXATIVE_API_URL=(\S+)/)?.output.1)
        let environment = [
            "FIXATIVE_API_URL": String(url), "FIXATIVE_API_KEY": "sk-never-to-be-seen", "FIXATIVE_ALLOW_PRIVATE_HOSTS": "true",
        ]
        let empty = try Program.run("archive", "--storage", storage, environment: environment, input: "")
        #expect(empty.status == 0 || empty.status == 64, "\(empty.errors)")
        func compare() throws -> (status: Int32, json: [String: Any]) {
            let outcome = try Program.run(
                "audit", "--against-account", "--format", "json", "--storage", storage, environment: environment)
            return (outcome.status, try json(outcome))
        }
        let archived = try Program.run("archive", "--since", "1000d", "--storage", storage, environment: environment)
        #expect(archived.status == 0, "\(archived.errors)")
        let whole = try compare()
        #expect(whole.status == 0)
        #expect(whole.json["completed"] as? Int == whole.json["archived"] as? Int)
        #expect((whole.json["completed"] as? Int ?? 0) > 0)
        // A task that the archive has never heard of, by SQLite's own hand.
        let gone = try shell(
            "sqlite3 '\(storage)/catalog.sqlite' \"PRAGMA foreign_keys=ON; DELETE FROM task WHERE key = (SELECT MIN(task) FROM output) RETURNING id\""
        )
        let less = try compare()
        #expect(less.status == 1)
        #expect(
            (less.json["missing"] as? [[String: Any]])?.map { $0["taskId"] as? String } == [
                gone.trimmingCharacters(in: .whitespacesAndNewlines)
            ])
        simulator.process.terminate()
        _ = try simulator.finish()
    }
}
