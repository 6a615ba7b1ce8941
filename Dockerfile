# The program as a container: one image for every service of docker-compose.yml.
# Every package is installed by its hash in a lock file. The base image is a tag unless PYTHON_IMAGE names a digest:
# see docs/operations/deploy.md.

ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ONLY_BINARY=:all:
WORKDIR /src
COPY requirements-build.lock requirements-image.lock ./
RUN python -m venv /build \
 && /build/bin/pip install --require-hashes --no-deps --requirement requirements-build.lock \
 && python -m venv --without-pip /venv \
 && /build/bin/pip --python /venv/bin/python install --require-hashes --no-deps --requirement requirements-image.lock
COPY pyproject.toml README.md LICENSE celeryconfig.py ./
COPY domain domain
COPY repos repos
COPY materialization materialization
COPY backfill backfill
COPY gates gates
COPY workers workers
COPY cli cli
# Our own code is built and installed without a package index.
RUN /build/bin/pip wheel --no-index --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /build/bin/pip --python /venv/bin/python install --no-index --no-deps /wheels/*.whl

FROM ${PYTHON_IMAGE}
RUN groupadd --system --gid 10001 scriptledger \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin scriptledger
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SCRIPTLEDGER_HOME=/tmp/home
# By number, so that an orchestrator sees that it is not root.
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["scriptledger"]
CMD ["--help"]
