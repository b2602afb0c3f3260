import Foundation
import Gallery
import HTTPTypes
import Hummingbird
import NIOCore

/// The live gallery, and the sign-in for browsers.
struct GalleryRoutes {
    let gallery: LiveGallery
    let blobs: BlobRoutes
    let access: AccessControl

    private static let root = "/gallery/"
    /// Maximum size of a sign-in form in bytes.
    private static let mostBytes = 4 << 10

    func add(to router: Router<ServerContext>) {
        for method in [HTTPRequest.Method.get, .head] {
            router.on("gallery", method: method) { request, context in try await serve(request, context.client) }
            router.on("gallery/**", method: method) { request, context in try await serve(request, context.client) }
            router.on("gallery/sign-in", method: method) { request, _ in
                guard access.isGuarded else { return Self.redirect("./") }
                return try Self.page(try gallery.signIn(access.mayRead(request) ? .done : .asked), request, status: .ok)
            }
        }
        router.post("gallery/sign-in") { request, context in try await signIn(request, context.client) }
        router.post("gallery/sign-out") { request, _ in
            try Self.refuseForeign(request)
            access.signOut(request)
            return Self.redirect("sign-in", cookie: ReaderSessions.header(nil, isSecure: Self.isSecure(request)))
        }
    }

    // MARK: Files

    private func serve(_ request: Request, _ client: ClientAddress) async throws -> Response {
        // The raw path: valid names contain no escapes, so a path with escapes matches nothing.
        let path = request.uri.path
        guard path.hasPrefix(Self.root) else {
            return Response(status: .permanentRedirect, headers: [.location: "gallery/", .cacheControl: "no-cache"])
        }
        let name = path == Self.root ? "index.html" : String(path.dropFirst(Self.root.count))
        if let asset = gallery.asset(at: name) { return try Self.page(asset, request, status: .ok) }
        guard access.mayRead(request) else {
            // Browsers get the sign-in page; programs, and requests for parts of a page, get an error.
            if name.hasSuffix(".html"), request.headers[.authorization] == nil {
                let depth = name.count { $0 == "/" }
                return try Self.page(try gallery.signIn(.asked, depth: depth), request, status: .unauthorized)
            }
            try access.require(.read, request, from: client)
            throw Problem(.unauthorized, "A token is needed.")
        }
        guard let file = try await gallery.file(at: name) else {
            throw Problem(.notFound, "The gallery has no such page.")
        }
        if case .blob(let digest) = file.body { return try await blobs.serve(digest, request, caching: BlobRoutes.forever) }
        return try Self.page(file, request, status: .ok)
    }

    private static func page(_ file: GalleryFile, _ request: Request, status: HTTPResponse.Status) throws -> Response {
        let isPage = file.mediaType.hasPrefix("text/html")
        var headers: HTTPFields = [
            .contentType: file.mediaType, .xContentTypeOptions: "nosniff", .contentSecurityPolicy: policy,
            .cacheControl: file.isImmutable ? BlobRoutes.forever : "private, no-cache",
            // With "no-referrer", browsers send the sign-in form without its origin.
            .referrerPolicy: "same-origin",
        ]
        // The same URL shows different content before and after sign-in.
        if isPage { headers[.vary] = "Cookie, Authorization" }
        if status == .ok, let tag = file.tag.map({ "\"\($0)\"" }) {
            headers[.eTag] = tag
            if let known = request.headers[.ifNoneMatch], BlobRoutes.names(known, tag) {
                return Response(status: .notModified, headers: headers)
            }
        }
        if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        switch file.body {
        case .bytes(let bytes):
            guard request.method != .head else {
                headers[.contentLength] = "\(bytes.count)"
                return Response(status: status, headers: headers)
            }
            return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .pieces(let count, let piece):
            guard request.method != .head else { return Response(status: status, headers: headers) }
            return Response(
                status: status, headers: headers,
                body: ResponseBody { writer in
                    for number in 0..<count { try await writer.write(ByteBuffer(bytes: try piece(number))) }
                    try await writer.finish(nil)
                })
        case .blob: throw Problem(.notFound, "The gallery has no such page.")
        }
    }

    /// No content from other origins, no inline scripts or styles, no framing. Pages without a form add their own restriction.
    private static let policy =
        "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'self'; "
        + "frame-ancestors 'none'"

    // MARK: Sign-in

    private func signIn(_ request: Request, _ client: ClientAddress) async throws -> Response {
        try Self.refuseForeign(request)
        let body = try await request.body.collect(upTo: Self.mostBytes)
        struct Form: Decodable { var token: String }
        guard let form = try? URLEncodedFormDecoder().decode(Form.self, from: String(buffer: body)) else {
            throw Problem(.badRequest, "The form has no field 'token'.")
        }
        let token = form.token.trimmingCharacters(in: .whitespaces)
        guard let session = access.signIn(token: token, request) else {
            if access.isGuarded { try access.noteFailure(of: client) }
            return try Self.page(try gallery.signIn(.refused), request, status: .unauthorized)
        }
        return Self.redirect("./", cookie: ReaderSessions.header(session, isSecure: Self.isSecure(request)))
    }

    /// Prevents other sites from signing a reader in or out (CSRF). Browsers send the form's origin; other programs have no
    /// cookies.
    private static func refuseForeign(_ request: Request) throws {
        let foreign = Problem(
            .forbidden, "This form was sent from another site. A proxy must pass the Host header unchanged.")
        if let site = request.headers[.secFetchSite], !["same-origin", "none"].contains(site) { throw foreign }
        guard let origin = request.headers[.origin] else { return }
        let hosts = [request.head.authority, request.headers[.xForwardedHost]].compactMap { $0?.lowercased() }
        guard let host = origin.lowercased().firstMatch(of: /^https?:\/\/(.+)$/)?.output.1,
            hosts.contains(where: { withoutDefaultPort($0[...]) == withoutDefaultPort(host) })
        else { throw foreign }
    }

    /// Browsers omit the default port in both Origin and Host, but a proxy may add it.
    private static func withoutDefaultPort(_ host: Substring) -> Substring {
        for port in [":443", ":80"] where host.hasSuffix(port) { return host.dropLast(port.count) }
        return host
    }

    private static func isSecure(_ request: Request) -> Bool {
        // A chain of proxies lists several values; the first one describes the reader's connection.
        request.headers[.xForwardedProto]?.split(separator: ",").first?.trimmingCharacters(in: .whitespaces).lowercased()
            == "https"
    }

    private static func redirect(_ location: String, cookie: String? = nil) -> Response {
        var headers: HTTPFields = [.location: location, .cacheControl: "no-store"]
        if let cookie { headers[.setCookie] = cookie }
        return Response(status: .seeOther, headers: headers)
    }
}

extension HTTPField.Name {
    static let referrerPolicy = HTTPField.Name("Referrer-Policy") ?? .server
    static let secFetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .server
    static let xForwardedHost = HTTPField.Name("X-Forwarded-Host") ?? .server
    static let xForwardedProto = HTTPField.Name("X-Forwarded-Proto") ?? .server
}
