import ArchiveModel
import Foundation
import GRDB

/// The largest numbers that a row is read with. Real numbers are far smaller. Sums and products of numbers below these limits do
/// not overflow.
enum Largest {
    /// Attempts, deaths, refusals and the like.
    static let count: Int64 = 1_000_000
    /// The index of an output; the same limit as in a record.
    static let index: Int64 = 2_147_483_647
    /// The bytes of one file: 1 TiB.
    static let file: Int64 = 1 << 40
    /// The price of one output, in tenths of a base price.
    static let price: Int64 = 1_000_000
    /// A sum that the database keeps.
    static let sum: Int64 = 1 << 60
}

/// Columns of a row that may come from elsewhere.
///
/// The file may come from anyone. SQLite does not check values when it reads: an integer column can contain any number, and every
/// column a value of any type. A number that is out of range is read as the nearest one in range, and a value of another type as
/// missing.
extension Row {
    func text(_ column: String) -> String? { String.fromDatabaseValue(self[column]) }

    func integer(_ column: String) -> Int64? { Int64.fromDatabaseValue(self[column]) }

    func flag(_ column: String) -> Bool { integer(column).map { $0 != 0 } ?? false }

    func fraction(_ column: String) -> Double? { Double.fromDatabaseValue(self[column]) }

    func counter(_ column: String) -> Int { Int(clamping: (integer(column) ?? 0).limited(to: Largest.count)) }

    /// The size of a file in bytes.
    func fileSize(_ column: String) -> Int { Int(clamping: (integer(column) ?? 0).limited(to: Largest.file)) }

    /// Milliseconds since 1970.
    func date(_ column: String) -> Date? { integer(column).map(Date.init(milliseconds:)) }
}

extension Int64 {
    /// The nearest number from 0 to `most`.
    func limited(to most: Int64) -> Int64 { Swift.min(Swift.max(self, 0), most) }
}

/// Arithmetic in SQL on columns of a row that may come from elsewhere. SQLite turns a sum that is too large into a floating-point
/// number, which an integer column refuses. The statement then fails, also for all its other rows.
extension SQLiteCatalog {
    /// SQL: a count plus a small number.
    static func increased(_ count: String, by amount: String = "1") -> String {
        "MIN(MAX(\(count), 0), \(Largest.count)) + \(amount)"
    }

    /// SQL: the next token of a lease. A token never repeats, except after 2^62 leases.
    static let nextToken = "(lease_token & \(Int64.max >> 1)) + 1"
}
