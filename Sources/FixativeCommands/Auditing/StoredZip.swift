internal import CZlib
import Foundation

/// Writes a ZIP file with uncompressed entries (APPNOTE.TXT 6.3.3, method 0), since pictures do not compress further.
struct StoredZip {
    private struct Entry {
        var name: [UInt8]
        var checksum: UInt32
        var size: UInt32
        var offset: UInt32
    }

    private let file: FileHandle
    private let stamp: (date: UInt16, time: UInt16)
    private var entries: [Entry] = []
    private var offset = 0

    /// Larger files would need ZIP64 fields, which old programs do not read.
    private static let mostBytes = Int(UInt32.max) - (1 << 20)

    /// The most entries that a ZIP file without ZIP64 fields can have.
    private static let mostEntries = Int(UInt16.max) - 1

    /// - Parameter date: The timestamp of every entry, in UTC.
    init(_ file: FileHandle, date: Date) {
        self.file = file
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? calendar.timeZone
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        let year = min(max((parts.year ?? 1980) - 1980, 0), 127)
        stamp = (
            UInt16(year << 9 | (parts.month ?? 1) << 5 | (parts.day ?? 1)),
            UInt16((parts.hour ?? 0) << 11 | (parts.minute ?? 0) << 5 | (parts.second ?? 0) / 2)
        )
    }

    /// - Throws: ``SettingsError`` if the file would exceed 4 GB, or would have too many entries.
    mutating func add(_ name: String, _ bytes: [UInt8]) throws {
        guard offset + bytes.count < Self.mostBytes else {
            throw SettingsError("a ZIP file contains at most 4 GB. Name a folder instead of a .zip")
        }
        guard entries.count < Self.mostEntries else {
            throw SettingsError("a ZIP file contains at most \(Self.mostEntries) files. Name a folder instead of a .zip")
        }
        let entry = Entry(
            name: Array(name.utf8), checksum: Self.checksum(bytes), size: UInt32(bytes.count), offset: UInt32(offset))
        try write(Self.little(0x0403_4B50, 4) + facts(entry) + Self.little(UInt32(entry.name.count), 2) + [0, 0] + entry.name)
        try write(bytes)
        entries.append(entry)
    }

    /// Writes the central directory, without which the file is not a valid ZIP.
    mutating func finish() throws {
        let start = offset
        for entry in entries {
            // Version made by: Unix. The mode is a regular file, readable by all.
            try write(
                Self.little(0x0201_4B50, 4) + [20, 3] + facts(entry) + Self.little(UInt32(entry.name.count), 2)
                    + [UInt8](repeating: 0, count: 8) + Self.little(0o100644 << 16, 4) + Self.little(entry.offset, 4) + entry.name
            )
        }
        let count = Self.little(UInt32(entries.count), 2)
        try write(
            Self.little(0x0605_4B50, 4) + [0, 0, 0, 0] + count + count + Self.little(UInt32(offset - start), 4)
                + Self.little(UInt32(start), 4) + [0, 0])
    }

    /// Fields of both the local and the central header: version 2.0, UTF-8 names, stored, date, checksum, sizes.
    private func facts(_ entry: Entry) -> [UInt8] {
        Self.little(20, 2) + Self.little(0x0800, 2) + [0, 0] + Self.little(UInt32(stamp.time), 2)
            + Self.little(UInt32(stamp.date), 2) + Self.little(entry.checksum, 4) + Self.little(entry.size, 4)
            + Self.little(entry.size, 4)
    }

    private mutating func write(_ bytes: [UInt8]) throws {
        try file.write(contentsOf: Data(bytes))
        offset += bytes.count
    }

    private static func little(_ value: UInt32, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            UInt32(truncatingIfNeeded: unsafe crc32_z(0, buffer.baseAddress, buffer.count))
        }
    }
}
