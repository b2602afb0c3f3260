import Foundation
import PackagePlugin

/// Writes the commit that is built into a source file, so that `fixative --version` can print it.
@main struct BuildCommit: BuildToolPlugin {
    /// Leaves the file alone when the commit is the same, so that nothing is compiled again. Without git, the commit is `unknown`.
    private static let script = """
        commit=$(git -C "$2" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
        if [ -n "$(git -C "$2" status --porcelain --untracked-files=no 2>/dev/null)" ]; then commit="$commit, changed"; fi
        text="/// The commit that this program was built from.
        let buildCommit = \\"$commit\\""
        if [ "$(cat "$1/BuildCommit.swift" 2>/dev/null)" != "$text" ]; then printf '%s\\n' "$text" > "$1/BuildCommit.swift"; fi
        """

    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let folder = context.pluginWorkDirectoryURL.appending(path: "Commit")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return [
            .prebuildCommand(
                displayName: "Commit", executable: URL(filePath: "/bin/sh"),
                arguments: ["-c", Self.script, "sh", folder.path(), context.package.directoryURL.path()],
                outputFilesDirectory: folder)
        ]
    }
}
