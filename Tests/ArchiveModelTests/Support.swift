import ArchiveModel
import Foundation
import SizeContract
import Testing

func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder.archive.decode(type, from: Data(text.utf8))
}

func json(_ value: some Encodable, pretty: Bool = false) throws -> String {
    String(decoding: try JSONEncoder.archive(pretty: pretty).encode(value), as: UTF8.self)
}

func digest(_ letter: Character) throws -> Digest { try #require(Digest(String(repeating: letter, count: 64))) }

/// A record with every field filled in.
func fullRecord() throws -> ArchiveRecord {
    // 2026-11-22T12:51:00.250Z, by date(1).
    let created = Date(milliseconds: 1_795_351_860_250)
    let contract = SizeContract.gptImage2
    let request = RecordedRequest(
        model: "gpt-image-2-beta", prompt: "a red fox, \"quoted\" – ünïcödé 🦊?", size: "16:9", resolution: "4K",
        imageURLs: ["https://example.org/a.png"], recordedAt: created)
    var record = ArchiveRecord(
        id: OutputID(task: try #require(TaskID("task-unified-1757156493-imcg5zqt")), index: 3), state: .archived, reason: "late",
        source: "manifest", discoveredAt: created, createdAt: created, deadline: Date(milliseconds: 1_795_438_260_008),
        endedAt: created,
        attempts: 2, request: request, taskJSON: .object(["id": .string("x"), "seed": .integer(Int64.max), "cost": .number(0.5)]))
    record.download = DownloadFacts(
        url: "https://example.org/r.png", headers: ["content-type": "image/png"], fetchedAt: created, redirects: 1)
    record.original = BlobReference(digest: try digest("a"), bytes: 1_572_516, mediaType: "image/png")
    record.picture = ImageFacts(
        format: "png", width: 1672, height: 941, bitDepth: 8, colourType: "rgb", hasAlpha: false, interlaced: false,
        animated: false,
        frameCount: 1, iccName: "sRGB", exif: ["Make": "x"], text: ["Title": "t"], contentCredentialsBytes: 23_000,
        trailingBytes: 4,
        averageColour: "#102030")
    record.decodeError = "none"
    record.unread = UnreadFacts(format: "gif", reason: "a whole GIF", width: 8, height: 4)
    record.judgement = contract.judge(
        delivered: PixelSize(width: 1672, height: 941), request: try contract.request(size: "16:9", resolution: "4K"))
    record.derivatives = [
        Derivative(
            role: .thumbnail, blob: BlobReference(digest: try digest("b"), bytes: 9_000, mediaType: "image/jpeg"), width: 512,
            height: 288,
            recipe: .string("lanczos3 512 jpeg 82")),
        Derivative(
            role: .preview, blob: BlobReference(digest: try digest("c"), bytes: 90_000, mediaType: "image/webp"), width: 1280,
            height: 720,
            recipe: .string("lanczos3 1280 webp")),
    ]
    record.thumbHash = "2fcZFIB3iId/h3iJh4aIYJ2V8g=="
    record.perceptualHash = "00ff00ff00ff00ff"
    return record
}
