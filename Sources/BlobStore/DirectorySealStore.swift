package import ArchiveModel
package import BlockingThreads

/// Seals as files `records/seals/2026-11-26.json`, each with its token in `2026-11-26.tst`.
package struct DirectorySealStore: SealStore {
    private let folder: ArchiveFolder
    private let threads: BlockingThreadPool
    private let folders: DurableFolders

    static let folderName = "seals"

    /// - Parameter threads: The threads that run the blocking file calls.
    package init(folder: ArchiveFolder, threads: BlockingThreadPool) {
        self.folder = folder
        self.threads = threads
        folders = DurableFolders(folder.permissions)
    }

    private func place(_ name: SealName, _ part: SealPart) -> StorePath {
        folder.recordsPath / Self.folderName / (name.text + part.rawValue)
    }

    package func path(of name: SealName, _ part: SealPart) -> String { place(name, part).inside }

    package func listing() async throws -> SealListing {
        try await threads.run { [folder] in
            var listing = SealListing()
            let top = folder.recordsPath / Self.folderName
            guard let status = try POSIXFile.status(top) else { return listing }
            guard status.isFolder else {
                listing.strays.append(top.inside)
                return listing
            }
            for entry in try POSIXFile.entries(in: top) {
                let part = SealPart.allCases.first { entry.name.hasSuffix($0.rawValue) }
                let name = part.flatMap { SealName(String(entry.name.dropLast($0.rawValue.count))) }
                switch (part, name) {
                case (.seal?, let name?): listing.seals.append(name)
                case (.token?, let name?): listing.tokens.insert(name)
                default:
                    if Litter.isName(entry.name) { listing.litter += 1 } else { listing.strays.append((top / entry.name).inside) }
                }
            }
            listing.seals.sort()
            return listing
        }
    }

    package func bytes(of name: SealName, _ part: SealPart) async throws -> [UInt8]? {
        let path = place(name, part)
        return try await threads.run { try SideFile.bytes(of: path, kind: "a seal") }
    }

    package func create(_ bytes: [UInt8], as name: SealName, _ part: SealPart) async throws -> Bool {
        let path = place(name, part)
        return try await threads.run { [folder, folders] in
            let directory = try folders.make([Self.folderName], under: folder.recordsPath)
            let isFirst = try SideFile.publish(bytes, as: path, in: folder)
            try POSIXFile.synchroniseDirectory(directory)
            return isFirst
        }
    }
}
