package import ArchiveModel
package import BlockingThreads

/// Claims as files `records/claims/claim-0123456789abcdef.json`.
package struct DirectoryClaimStore: ClaimStore {
    private let folder: ArchiveFolder
    private let threads: BlockingThreadPool
    private let folders: DurableFolders

    static let folderName = "claims"
    private static let ending = ".json"

    /// - Parameter threads: The threads that run the blocking file calls.
    package init(folder: ArchiveFolder, threads: BlockingThreadPool) {
        self.folder = folder
        self.threads = threads
        folders = DurableFolders(folder.permissions)
    }

    private func place(_ id: ClaimID) -> StorePath { folder.recordsPath / Self.folderName / (id.text + Self.ending) }

    package func path(of id: ClaimID) -> String { place(id).inside }

    package func listing() async throws -> ClaimListing {
        try await threads.run { [folder] in try Self.listing(folder.recordsPath / Self.folderName) }
    }

    private static func listing(_ top: StorePath) throws -> ClaimListing {
        var listing = ClaimListing()
        guard let status = try POSIXFile.status(top) else { return listing }
        guard status.isFolder else {
            listing.strays.append(top.inside)
            return listing
        }
        for entry in try POSIXFile.entries(in: top) {
            if entry.name.hasSuffix(ending), let id = ClaimID(String(entry.name.dropLast(ending.count))) {
                listing.claims.append(id)
            } else if Litter.isName(entry.name) {
                listing.litter += 1
            } else {
                listing.strays.append((top / entry.name).inside)
            }
        }
        listing.claims.sort()
        return listing
    }

    package func bytes(of id: ClaimID) async throws -> [UInt8]? {
        let path = place(id)
        return try await threads.run { try SideFile.bytes(of: path, kind: "a claim") }
    }

    package func create(_ bytes: [UInt8], as id: ClaimID, after known: Set<ClaimID>) async throws -> Bool {
        let path = place(id)
        return try await threads.run { [folder, folders] in
            let directory = try folders.make([Self.folderName], under: folder.recordsPath)
            let lock = try POSIXFile.openFolder(directory)
            try lock.lock()
            guard Set(try Self.listing(directory).claims) == known else { return false }
            let isFirst = try SideFile.publish(bytes, as: path, in: folder)
            try lock.synchronise()
            return isFirst
        }
    }
}
