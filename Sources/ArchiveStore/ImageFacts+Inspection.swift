package import ArchiveModel
import Foundation
import ImageCodecs
package import Imaging

/// The facts of a decoded picture, as records hold them.
extension ImageFacts {
    package init(_ picture: InspectedPicture, credentials: CredentialFacts? = nil) {
        let (header, metadata) = (picture.header, picture.metadata)
        var texts: [String: String] = [:]
        for text in metadata.texts where texts[text.keyword] == nil { texts[text.keyword] = text.value }
        if let xmp = metadata.xmp { texts["XMP"] = xmp.value }
        self.init(
            format: header.format.rawValue, width: header.width, height: header.height, bitDepth: header.bitDepth,
            colourType: header.colourType.rawValue, hasAlpha: header.hasAlpha, interlaced: header.isInterlaced,
            animated: header.isAnimated, frameCount: header.frameCount, orientation: picture.orientation.rawValue,
            iccName: metadata.profile.flatMap { $0.description ?? $0.name }, exif: metadata.exif.map(Self.fields),
            text: texts.isEmpty ? nil : texts, contentCredentialsBytes: metadata.contentCredentialsBytes,
            contentCredentialsDamage: metadata.contentCredentialsDamage,
            trailingBytes: picture.trailingBytes, averageColour: picture.averageColour.description,
            dominantColour: picture.dominantColour.description, colourOrigin: picture.colourOrigin.rawValue,
            jpegQuality: metadata.jpegQuality?.estimate, digitalSourceType: metadata.digitalSourceType?.uri,
            notes: picture.notes.isEmpty ? nil : picture.notes)
        self.credentials = credentials
    }

    private static func fields(_ exif: ExifFields) -> [String: String] {
        let values: [String: String?] = [
            "orientation": exif.orientation.map(String.init), "imageDescription": exif.imageDescription, "make": exif.make,
            "model": exif.model, "software": exif.software, "dateTime": exif.dateTime, "dateTimeOriginal": exif.dateTimeOriginal,
            "artist": exif.artist, "copyright": exif.copyright, "userComment": exif.userComment,
            "hostComputer": exif.hostComputer, "imageUniqueID": exif.imageUniqueID,
            "colourSpace": exif.colourSpace.map(String.init), "title": exif.title, "comment": exif.comment,
            "keywords": exif.keywords,
        ]
        return values.compactMapValues { $0 }
    }
}

extension InspectedPicture {
    /// 16 hexadecimal digits.
    package var perceptualHashText: String {
        let text = String(perceptualHash, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}

extension DerivativeRecipe {
    /// The recipe in the record's JSON form.
    package var recorded: JSONValue {
        let data = (try? JSONEncoder().encode(self)) ?? Data()
        return (try? JSONDecoder().decode(JSONValue.self, from: data)) ?? .object(["version": .integer(Int64(version))])
    }

    /// - Parameter recorded: A recipe from a record; if it can't be parsed, the current recipe is used.
    package init(recorded: JSONValue) {
        let data = try? JSONEncoder().encode(recorded)
        self = data.flatMap { try? JSONDecoder().decode(DerivativeRecipe.self, from: $0) } ?? DerivativeRecipe()
    }
}
