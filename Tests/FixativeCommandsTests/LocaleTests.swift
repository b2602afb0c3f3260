import Foundation
import TestSupport
import Testing

@Suite struct LocaleTests {
    /// Foundation keeps 11 letters of a language.
    @Test("No name of a locale changes or ends a verb", arguments: ["LC_ALL", "LC_MESSAGES", "LANG"])
    func noLocaleChangesOrEndsAVerb(_ variable: String) throws {
        let released = try ReleasedArchive()
        func audit(_ environment: [String: String]) throws -> Program.Outcome {
            try Program.run("audit", "--format", "json", "--storage", released.path, environment: environment)
        }
        let usual = try audit(["LC_ALL": "C.UTF-8"])
        for name in ["aaaaaaaaaaaa_BB", "de_DE.UTF-8", "", String(repeating: "x", count: 3000)] {
            var environment = ["LC_ALL": "", "LC_MESSAGES": "", "LANG": ""]
            environment[variable] = name
            let outcome = try audit(environment)
            #expect(outcome.status == usual.status, "\(name.prefix(20)): \(outcome.errors)")
            #expect(outcome.output == usual.output)
        }
    }
}
