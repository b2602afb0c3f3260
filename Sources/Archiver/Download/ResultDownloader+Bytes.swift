import ArchiveModel
import AsyncHTTPClient
import BlobStore
import Foundation
import NIOCore
import NIOHTTP1
import Networking

/// Receives bodies: complete files, parts of files, and files inlined in a link.
extension ResultDownloader {
    /// Handles a 200: the complete file.
    func receiveWhole(_ response: HTTPClientResponse, _ hop: Hop) async throws -> Download {
        // With a transfer coding, Content-Length is meaningless (RFC 9112, section 6.3).
        let isFramed = response.headers.contains(name: "transfer-encoding")
        let announced = isFramed ? nil : response.headers.first(name: "content-length").flatMap { Int($0) }
        if let announced, announced > limits.bytes { throw tooLarge }
        var partial = try await begin(response, total: announced, hop)
        // A body in another transfer coding than chunked ends with its connection.
        let isChunked = response.headers[canonicalForm: "transfer-encoding"].last?.lowercased() == "chunked"
        partial.isEndStated = announced != nil || isChunked
        return try await receive(response, into: partial, length: announced, isWhole: true, hop)
    }

    /// Handles a 206 without a range request: the complete file, or its first part, whose rest can be requested.
    func receivePart(_ response: HTTPClientResponse, _ hop: Hop) async throws -> Download {
        let url = hop.url
        guard let content = ContentRange(response.headers), let range = content.range, range.lowerBound == 0 else {
            throw DownloadError(.transport, "\(url.host) answered 206 with a part that was not requested")
        }
        if max(content.total ?? 0, range.count) > limits.bytes { throw tooLarge }
        var partial = try await begin(response, total: content.total, hop)
        partial.isEndStated = content.total != nil
        return try await receive(
            response, into: partial, length: range.count, isWhole: content.total == range.count, hop)
    }

    /// Handles a 206 to a request for the rest of a partly received file.
    func resume(_ begun: PartialDownload, _ response: HTTPClientResponse, _ hop: Hop) async throws -> Download {
        let url = hop.url
        let content = ContentRange(response.headers)
        guard let content, let range = content.range, range.lowerBound == begun.bytes,
            try ContentDecoder(response.headers, mostBytes: limits.bytes) == nil
        else { throw StartOver(cause: DownloadError(.transport, "\(url.host) sent a different part of the file than requested")) }
        guard !begun.isContradicted(by: response.headers, total: content.total) else {
            throw StartOver(cause: DownloadError(.transport, "the file at \(url.host) changed during its download"))
        }
        var partial = begun
        partial.total = content.total ?? begun.total
        partial.isEndStated = partial.total != nil
        return try await receive(
            response, into: partial, length: range.count, isWhole: partial.total.map { $0 == range.upperBound } ?? true, hop)
    }

    private func begin(
        _ response: HTTPClientResponse, total: Int?, _ hop: Hop
    ) async throws -> PartialDownload {
        let url = hop.url
        let isCoded = try ContentDecoder(response.headers, mostBytes: limits.bytes) != nil
        return PartialDownload(
            ingest: try await store.beginIngest(), validator: ContentRange.validator(response.headers, now: clock.now) ?? "",
            total: total,
            facts: DownloadFacts(
                url: url.origin + (url.path.isEmpty ? "/" : url.path), headers: kept(response.headers, link: url),
                fetchedAt: clock.now, redirects: hop.number),
            isCoded: isCoded)
    }

    /// - Parameters:
    ///   - length: Bytes of this body before content decoding; `nil` if unknown.
    ///   - isWhole: Whether the file is complete at the end of this body.
    /// - Throws: ``InterruptedDownload`` if the body ends early and can be resumed.
    private func receive(
        _ response: HTTPClientResponse, into begun: PartialDownload, length: Int?, isWhole: Bool, _ hop: Hop
    ) async throws -> Download {
        let url = hop.url
        var partial = begun
        var (received, mayResume) = (0, true)
        var floor = ThroughputFloor(bytesPerSecond: limits.slowestRate, seconds: limits.slowestTime, now: clock.now)
        do {
            var decoder = partial.isCoded ? try ContentDecoder(response.headers, mostBytes: limits.bytes) : nil
            for try await chunk in response.body {
                received += chunk.readableBytes
                guard floor.record(chunk.readableBytes, now: clock.now) else {
                    // Resuming at this pace would only occupy the slot.
                    mayResume = false
                    throw tooSlow(url)
                }
                if clock.now.timeIntervalSince(hop.begun) >= HostShareBook.trial, await isTrialOver(hop) {
                    mayResume = false
                    throw DownloadError(
                        .timeout,
                        "stopped after \(Int(HostShareBook.trial)) s: \(url.host) has not delivered any file yet, and other hosts wait"
                    )
                }
                guard received <= length ?? limits.bytes else { throw length == nil ? tooLarge : tooLong(url) }
                try await keep(Array(chunk.readableBytesView), through: decoder, &partial)
            }
            if let length, received != length {
                throw DownloadError(.transport, "\(url.host) sent \(received) bytes, but announced \(length)")
            }
            decoder?.end()
            try await keep([], through: decoder, &partial)
            guard decoder?.isComplete ?? true else {
                throw DownloadError(.transport, "the body from \(url.host) is incomplete: its compressed data is cut short")
            }
        } catch {
            let cause = translated(error, link: url, phase: .receiving)
            if mayResume, let cause = cause as? DownloadError, cause.isBrokenOff, partial.canResume {
                throw InterruptedDownload(partial: partial, cause: cause)
            }
            await partial.ingest.discard()
            throw cause
        }
        guard isWhole else {
            let cause = DownloadError(.transport, "\(url.host) sent only a part of the file, and the rest can't be requested")
            guard partial.canResume else {
                await partial.ingest.discard()
                throw cause
            }
            throw InterruptedDownload(partial: partial, cause: cause, isCleanPart: true)
        }
        return try await seal(partial)
    }

    private func keep(_ bytes: [UInt8], through decoder: ContentDecoder?, _ partial: inout PartialDownload) async throws {
        guard let decoder else { return try await append(bytes, &partial) }
        if !bytes.isEmpty { decoder.push(bytes) }
        while let piece = try decoder.next() {
            // A body that decodes to nothing must not block a thread or outlast the time limit.
            try Task.checkCancellation()
            if piece.isEmpty { await Task.yield() }
            try await append(piece, &partial)
        }
    }

    private func append(_ bytes: [UInt8], _ partial: inout PartialDownload) async throws {
        guard !bytes.isEmpty else { return }
        guard partial.bytes + bytes.count <= limits.bytes else { throw tooLarge }
        try await partial.ingest.append(bytes)
        partial.bytes += bytes.count
    }

    /// Decodes a file inlined in its link.
    func decode(_ link: DataLink) async throws -> Download {
        let facts = DownloadFacts(url: link.shown, headers: ["content-type": link.mediaType], fetchedAt: clock.now, redirects: 0)
        var partial = PartialDownload(ingest: try await store.beginIngest(), validator: "", total: nil, facts: facts)
        partial.isEndStated = true
        do {
            var chunks = link.chunks()
            while let chunk = try chunks.next() { try await append(chunk, &partial) }
        } catch {
            await partial.ingest.discard()
            throw error
        }
        return try await seal(partial)
    }

    func seal(_ partial: PartialDownload) async throws -> Download {
        do {
            let sealed = try await partial.ingest.seal()
            var facts = partial.facts
            facts.fetchedAt = clock.now
            return Download(
                ingest: partial.ingest, digest: sealed.digest, bytes: sealed.bytes, facts: facts,
                isEndStated: partial.isEndStated)
        } catch {
            await partial.ingest.discard()
            throw error
        }
    }

    private var tooLarge: DownloadError {
        DownloadError(.tooLarge, "the file is larger than \(limits.bytes) bytes; --max-bytes sets the limit")
    }

    private func tooSlow(_ url: FetchableURL) -> DownloadError {
        DownloadError(
            .timeout,
            "\(url.host) sent less than \(Int(limits.slowestRate)) bytes/s for \(Int(limits.slowestTime)) s (lowSpeedBytes, lowSpeedSeconds)"
        )
    }

    private func tooLong(_ url: FetchableURL) -> DownloadError {
        DownloadError(.transport, "\(url.host) sent more bytes than it announced")
    }
}
