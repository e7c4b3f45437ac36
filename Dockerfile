# tinyhttpd as process 1 of a container:
#
#   docker build -t tinyhttpd .
#   docker run -p 4000:4000 tinyhttpd                           the demonstration site
#   docker run -p 4000:4000 -v "$PWD/site":/srv tinyhttpd       the folder `site`; what follows are options: --autoindex
#
# Options also come from the environment: -e TINYHTTPD_CGI_TIMEOUT=60. `docker stop` finishes what is in flight.

FROM debian:bookworm-slim AS build
WORKDIR /source
# By itself, so that it is done again only when the list of packages changes.
COPY scripts/install-packages scripts/
RUN scripts/install-packages build
COPY . .
RUN cmake --preset release -DCMAKE_INSTALL_PREFIX=/usr -DTINYHTTPD_TESTS=OFF \
  && cmake --build --preset release \
  && DESTDIR=/out cmake --install build/release --strip

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="tinyhttpd" \
  org.opencontainers.image.description="A small web server that serves a folder and runs its CGI programs" \
  org.opencontainers.image.licenses="MIT"
# What the program is linked with and the base image lacks; `tinyhttpd --version` below fails when something is missing.
RUN apt-get update \
  && apt-get install -y --no-install-recommends libboost-program-options1.74.0 libspdlog1.10 \
    zlib1g libcrypt1 libmd0 \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/* /var/log/apt /var/log/*.log \
  && useradd --system --no-log-init --uid 10001 --user-group --no-create-home --home-dir /nonexistent \
    --shell /usr/sbin/nologin tinyhttpd
COPY --from=build /out/usr/bin/tinyhttpd /usr/bin/
COPY --from=build /out/usr/share/tinyhttpd/htdocs /srv
RUN tinyhttpd --version

USER 10001:10001
WORKDIR /srv
VOLUME /srv
EXPOSE 4000
# Another port is best named in the environment too, where the health check finds it: -e TINYHTTPD_PORT=8080.
ENV TINYHTTPD_PORT=4000
# Any status is healthy, for a site need not have an index. It is bash that opens the connection: curl is not there.
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$TINYHTTPD_PORT && printf 'HEAD / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && IFS= read -r -t 4 status <&3 && [[ $status == HTTP/1.1\\ [1-5]* ]]"]
ENTRYPOINT ["tinyhttpd", "--root", "/srv"]
