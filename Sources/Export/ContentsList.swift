internal import ArchiveModel
internal import Foundation
internal import SizeContract

/// `contents.csv`: one row for each output, for spreadsheets. RFC 4180 in UTF-8, with a byte order mark, by which spreadsheets
/// detect UTF-8.
enum ContentsList {
    static let mark = "\u{FEFF}"

    static let headings = line([
        "file", "state", "created", "task", "index", "prompt", "model", "asked size", "asked resolution", "expected pixels",
        "delivered pixels", "verdict", "billed class", "delivered class", "overpaid", "format", "bytes", "sha256", "reason",
        "record",
    ])

    /// - Parameters:
    ///   - file: The path of the original in the bag; `nil` when there is none.
    ///   - record: The path of the record in the bag; `nil` when there is none.
    ///   - problem: Why a file that should exist is missing.
    static func line(_ entry: OutputEntry, file: String?, record: String?, problem: String?) -> String {
        let (request, judgement, original) = (entry.request, entry.judgement, entry.original)
        return line([
            file, entry.state.rawValue, entry.createdAt?.iso8601, entry.id.task.text, "\(entry.id.index)", request?.prompt,
            request?.model, request?.size, request?.resolution, judgement?.expected?.description,
            judgement?.delivered?.description, judgement?.verdict.rawValue, judgement?.billedTier?.rawValue,
            judgement?.deliveredTier?.rawValue, judgement?.overpaid?.description, original?.format ?? original?.mediaType,
            original.map { "\($0.bytes)" }, original?.digest.hex, problem ?? entry.reason, record,
        ])
    }

    private static func line(_ cells: [String?]) -> String { SpreadsheetLine.text(cells.map { $0 ?? "" }) }
}
