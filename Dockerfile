# The daemon alone; nothing of the build stays in the image.
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/redis-vigil \
 && /opt/redis-vigil/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.13-slim
RUN useradd --system --uid 65532 --create-home --home-dir /var/lib/redis-vigil vigil
COPY --from=build /opt/redis-vigil /opt/redis-vigil
ENV PATH=/opt/redis-vigil/bin:$PATH PYTHONUNBUFFERED=1
USER vigil
WORKDIR /var/lib/redis-vigil
VOLUME /var/lib/redis-vigil
EXPOSE 9121
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9121/-/healthy', timeout=2)"]
ENTRYPOINT ["redis-vigil"]
CMD ["run"]
