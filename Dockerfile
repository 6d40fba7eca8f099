# One file for every container of our own: `shop` is all nine services, `standins` the companies outside.
# Build with BuildKit; its caches keep modules and objects from one build to the next.
ARG BUILD_IMAGE
FROM ${BUILD_IMAGE} AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOFLAGS=-buildvcs=false
COPY go.mod go.sum ./
COPY system system
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -ldflags "-s -w -X stormglass/system/platform/boot.Version=${VERSION}" -o /out/ ./system/cmd/shop ./system/cmd/standins \
 && mkdir -p /out/data

# The images hold a program, the authorities that sign certificates, and nothing else: no shell, no user but a number.
FROM scratch AS base
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
USER 65532:65532

FROM base AS standins
COPY --from=build /out/standins /
COPY --from=build --chown=65532:65532 /out/data /data
ENV DATA=/data
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s --retries=15 CMD ["/standins", "healthcheck"]
ENTRYPOINT ["/standins"]

FROM base AS shop
COPY --from=build /out/shop /
ENV ADMIN_ADDR=0.0.0.0:9100
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s --retries=15 CMD ["/shop", "healthcheck"]
ENTRYPOINT ["/shop"]
