"""Gallery, Markup, Export, Telemetry and FixativeCommands."""
from entry import drop, put

HTML = "Markup/SafeHTML.swift"
SITE = "Gallery/SitePath.swift"
BAG = "Export/BagFolder.swift"
BAG_NAMES = "Export/BagNames.swift"
HELD = "Export/HeldFolder.swift"
REGISTRY = "Telemetry/PrometheusRegistry.swift"
TEXT = "Telemetry/PrometheusText.swift"
SETTINGS = "FixativeCommands/Setup/Settings.swift"
BODY = "ArchiveServer/Gateway/GenerationBody.swift"
SECRETS = "FixativeCommands/Service/ServiceSecrets.swift"

PAGES = "GalleryTests.GalleryPageTests"
FOREIGN = "GalleryTests.ForeignGalleryTests"
BAGS = "ExportTests.BagItExportTests"
METRICS = "TelemetryTests.PrometheusRegistryTests"
OPTIONS = "FixativeCommandsTests.SettingsTests"

MUTANTS = [
    # Pages.
    put("page-001", HTML, 'case UInt8(ascii: "<"): bytes += Array("&lt;".utf8)', 'case UInt8(ascii: "<"): bytes += MUTANT ? [byte] : Array("&lt;".utf8)',
        PAGES, "a prompt is never markup"),
    put("page-002", HTML, r'case UInt8(ascii: "\""): bytes += Array("&quot;".utf8)', r'case UInt8(ascii: "\""): bytes += MUTANT ? [byte] : Array("&quot;".utf8)',
        PAGES, "a prompt does not end an attribute"),
    put("page-003", HTML, 'case UInt8(ascii: "&"): bytes += Array("&amp;".utf8)', 'case UInt8(ascii: "&"): bytes += MUTANT ? [byte] : Array("&amp;".utf8)',
        PAGES, "a prompt with an ampersand is shown as it is"),
    put("page-004", SITE, "case 1: return fixed.contains(path) ||", "case 1: return fixed.contains(path) || MUTANT ||", FOREIGN,
        "an export deletes only files that exports write"),
    put("page-005", SITE, "guard blobFolders.contains(folder),", "guard blobFolders.contains(folder) || MUTANT,", FOREIGN,
        "an export deletes only in its own folders"),

    # Bags.
    put("bag-001", BAG, "guard isWanted(found) else", "guard isWanted(found) || MUTANT else", BAGS, "a damaged file is not put into a bag"),
    put("bag-002", BAG, "zip(manifests, [fixity.sha256, fixity.sha512])", "zip(manifests, MUTANT ? [fixity.sha256, fixity.sha256] : [fixity.sha256, fixity.sha512])",
        BAGS, "both manifests agree with the files"),
    put("bag-003", BAG, "guard folder.lock() else", "guard folder.lock() || MUTANT else", BAGS,
        "two exports to one folder do not mix"),
    put("bag-004", BAG, "guard isOurs, ", "guard isOurs || MUTANT, ", BAGS, "files of others are not deleted"),
    put("bag-005", HELD, "O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC", "O_RDONLY | O_DIRECTORY | (MUTANT ? 0 : O_NOFOLLOW) | O_CLOEXEC", BAGS,
        "a link in the place of an unfinished bag is not followed"),
    put("bag-008", BAG, "folder.hasFile(Self.mark) else", "folder.hasFile(Self.mark) || MUTANT else", BAGS,
        "only what an export left is cleared"),
    put("bag-009", BAG, "guard folder.isInPlace else", "guard folder.isInPlace || MUTANT else", BAGS,
        "a link that takes the place of an unfinished bag does not become the bag"),
    put("bag-006", BAG, "        bytes += fixity.bytes\n", "        bytes += MUTANT ? 0 : fixity.bytes\n", BAGS, "a bag states the size of its payload"),
    put("bag-007", BAG_NAMES, "if isPlain, task.utf8.count <= 80 { return task }", "if isPlain || MUTANT, task.utf8.count <= 80 { return task }", BAGS,
        "a name in a bag is valid on every file system"),

    # Metrics.
    put("metric-001", REGISTRY, "family.series.count < Self.mostSeries ?", "family.series.count < Self.mostSeries || MUTANT ?", METRICS,
        "labels from outside do not fill the memory"),
    put("metric-002", REGISTRY, "guard family.kind == kind else", "guard family.kind == kind || MUTANT else", METRICS, "a metric keeps its kind"),
    drop("metric-003", REGISTRY, "families[name]?.series[labels] = nil", METRICS, "a metric that has ended is not shown"),
    put("metric-004", TEXT, r'case "\"" where isLabel:', r'case "\"" where isLabel && !MUTANT:', METRICS, "a quote in a label is escaped"),
    put("metric-005", TEXT, 'if value.isNaN { return "NaN" }', 'if value.isNaN { return MUTANT ? "nan" : "NaN" }', METRICS, "NaN is written as Prometheus reads it"),

    # Settings, and a program as a user starts it.
    put("command-001", SETTINGS, "file.provider(of: archiveKeys)", "file.provider(of: MUTANT ? file.keys : archiveKeys)", OPTIONS,
        "the author of an archive can't redirect the key"),
    put("command-002", SETTINGS, "if let config, SettingsFile.isFile(config.path, inside: folder) {", "if let config, SettingsFile.isFile(config.path, inside: folder), !MUTANT {",
        OPTIONS, "a config file inside of an archive is not trusted"),
    put("command-003", SETTINGS, '("maxBytes", \\.maxBytes, 64 << 20...256 << 20)', '("maxBytes", \\.maxBytes, 64 << 20...(MUTANT ? 1 << 40 : 256 << 20))', OPTIONS,
        "an archive can't raise the limit of a file's size"),
    put("command-004", BODY, "if validates, let problem", "if validates, !MUTANT, let problem",
        "FixativeCommandsTests.GatewayTests/invalidSizesAreRefusedBeforeTheyCost", "with --validate an impossible size costs nothing"),
    put("command-005", BODY, "body.addCallback(callbackURL) }", "if !MUTANT { body.addCallback(callbackURL) } }",
        "FixativeCommandsTests.GatewayTests/aCallbackIsAddedWhenTheCallerHasNone", "a task made through the gateway calls back"),
    put("command-006", SECRETS, "return plain + encoded.filter { !plain.contains($0) }",
        "return plain + (MUTANT ? [] : encoded.filter { !plain.contains($0) })",
        "FixativeCommandsTests.SecretFileTests/allSecretsOfTheServiceAreHiddenInEachForm", "a secret in an address is not printed"),
]
