# Two stages: the first has the locks, the source and a build tool; the second only the finished environment.
# The base is pinned by the digest of its multi-platform index. Move tag and digest together, in both stages.
FROM python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# Everything the program runs on, by hash; a layer of its own, so that a change of ours does not fetch it again.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /opt/stepdown \
    && /opt/stepdown/bin/python -m pip install --quiet --require-hashes -r requirements.lock \
    && python -m venv /opt/build \
    && /opt/build/bin/python -m pip install --quiet --require-hashes -r requirements-build.lock

COPY pyproject.toml setup.py README.md LICENSE fleet.example.yaml .env.example ./
COPY runbooks ./runbooks
COPY playbooks ./playbooks
COPY examples ./examples
COPY bot ./bot
RUN /opt/build/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/stepdown/bin/python -m pip install --quiet --no-deps --no-index /wheels/*.whl

FROM python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b
COPY --from=build /opt/stepdown /opt/stepdown
COPY runbooks /etc/stepdown/runbooks
COPY playbooks /etc/stepdown/playbooks
RUN install -d -m 0700 -o 10001 -g 10001 /data

# The fleet file is mounted; tokens come from the environment at start and never stand in an image.
# 0.0.0.0, because nobody else reaches a container's loopback; which ports are published decides who gets in.
ENV PATH=/opt/stepdown/bin:$PATH \
    HOME=/data \
    PYTHONUNBUFFERED=1 \
    STEPDOWN_FLEET=/etc/stepdown/fleet.yaml \
    STEPDOWN_RUNBOOKS_DIR=/etc/stepdown/runbooks \
    STEPDOWN_PLAYBOOKS_DIR=/etc/stepdown/playbooks \
    STEPDOWN_DATA_DIR=/data \
    STEPDOWN_DATABASE_URL=sqlite:////data/stepdown.db \
    STEPDOWN_HTTP_HOST=0.0.0.0

# A number, not a name, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["stepdown"]
CMD ["run"]
