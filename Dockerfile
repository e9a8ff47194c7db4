# Two stages: the first may fetch and build, the second holds only what runs. Every package is a wheel with its hash.

FROM python:3.11-slim AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY locks/build.txt locks/runtime.txt locks/
# The worker's environment has no pip of its own: nothing can be installed into the final image.
RUN python -m venv --without-pip /opt/sync-worker \
 && python -m pip --python /opt/sync-worker/bin/python install --require-hashes --only-binary :all: -r locks/runtime.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/python -m pip install --require-hashes --only-binary :all: -r locks/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY sync_worker sync_worker
COPY connectors connectors
COPY rules rules
COPY migrations migrations
RUN /opt/build/bin/python -m hatchling build -t wheel -d /tmp/dist \
 && python -m pip --python /opt/sync-worker/bin/python install --no-deps --no-index /tmp/dist/*.whl \
 && /opt/sync-worker/bin/python -m compileall -q /opt/sync-worker/lib

FROM python:3.11-slim
# The base image brings an installer; what runs here needs none.
RUN python -m pip uninstall --yes pip setuptools wheel \
 && rm -rf /usr/local/lib/python3.*/ensurepip
# A fixed number, so that volumes and secrets can be given to it by number.
RUN groupadd --system --gid 10001 worker \
 && useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin worker \
 && install -d -o 10001 -g 10001 -m 0700 /data \
 && install -d -m 0755 /etc/sync-worker
COPY --from=build /opt/sync-worker /opt/sync-worker
ENV PATH=/opt/sync-worker/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SYNC_WORKER_CONFIG=/etc/sync-worker/config.toml
# The root file system may be read-only: the worker writes to /data, and to /tmp when a library asks for it.
VOLUME /data
WORKDIR /data
USER 10001:10001
EXPOSE 8321
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["sync-worker", "health", "--live"]
ENTRYPOINT ["sync-worker"]
CMD ["run"]
