# redis-vigil as an image: deploy/docker/README.md says how to build and run it.
#
# Both stages have the same base, so that the environment built in the first one works in the second.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
COPY . .
# Without pip in it. Bytecode goes by the content of its source and not by its time: the same source and the
# same packages make the same files.
RUN python -m venv --without-pip /opt/redis-vigil \
 && pip --python /opt/redis-vigil/bin/python install --no-cache-dir --no-compile --disable-pip-version-check . \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/redis-vigil/lib

FROM ${BASE}
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="redis-vigil" \
      org.opencontainers.image.description="Watches Redis servers: Prometheus metrics, alert rules and notifications in one daemon." \
      org.opencontainers.image.source="https://github.com/redis-vigil/redis-vigil" \
      org.opencontainers.image.documentation="https://github.com/redis-vigil/redis-vigil/tree/main/docs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN groupadd --gid 65532 redis-vigil \
 && useradd --uid 65532 --gid 65532 --no-create-home --home-dir /data --shell /usr/sbin/nologin redis-vigil \
 && install -d -m 0755 /config \
 && install -d -m 0700 -o 65532 -g 65532 /data
COPY --from=build /opt/redis-vigil /opt/redis-vigil
COPY deploy/docker/entrypoint deploy/docker/healthcheck /usr/local/bin/
ENV PATH=/opt/redis-vigil/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    REDIS_VIGIL_STORAGE_PATH=/data
# By number, so that Kubernetes sees that it is not root.
USER 65532:65532
WORKDIR /config
VOLUME /data
EXPOSE 9121
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["healthcheck"]
ENTRYPOINT ["entrypoint"]
CMD ["run"]
