# docker build -t fixative .
# sudo chown 10001 api-key && sudo chmod 400 api-key     (the container's user; a file that everybody can read is refused)
# docker run -d --name fixative -p 8080:8080 -v fixative-archive:/archive -v "$PWD/api-key:/run/secrets/api-key:ro" \
#   -e FIXATIVE_API_KEY_FILE=/run/secrets/api-key -e FIXATIVE_READ_TOKEN=... --stop-timeout 15 \
#   --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --memory 2g --pids-limit 1024 --ulimit core=0 fixative
FROM swift:6.2-bookworm AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends \
        libpng-dev libjpeg-dev libwebp-dev liblcms2-dev libsqlite3-dev libbrotli-dev pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# Links Swift's libraries statically, so that the image below needs no Swift.
RUN swift build -c release --static-swift-stdlib --product fixative \
    && install -D -s "$(swift build -c release --static-swift-stdlib --show-bin-path)/fixative" /out/fixative

FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends \
        libpng16-16 libjpeg62-turbo libwebp7 libwebpdemux2 libwebpmux3 liblcms2-2 libsqlite3-0 libbrotli1 libstdc++6 zlib1g ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin fixative \
    && install -d -o fixative -g fixative -m 0700 /archive
COPY --from=build /out/fixative /usr/local/bin/fixative
USER fixative
# Swift's backtracer would keep a crashed process alive and print its memory.
ENV FIXATIVE_STORAGE=/archive SWIFT_BACKTRACE=enable=no
VOLUME /archive
EXPOSE 8080
STOPSIGNAL SIGTERM
# Bash speaks enough HTTP for this; /healthz needs no token.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["fixative"]
CMD ["run", "--listen", "0.0.0.0:8080"]
