# The program as a container: one image for every service of docker-compose.yml, of at most 250 MB.
# Every Python package is installed by its hash in a lock file. The base image is a tag unless PYTHON_IMAGE names a digest:
# see docs/operations/deploy.md.

ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
# Programs for files in object code; they stay in this stage.
RUN apt-get update && apt-get install --yes --no-install-recommends binutils
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ONLY_BINARY=:all:
WORKDIR /src
COPY requirements-build.lock requirements-image.lock ./
RUN python -m venv /build \
 && /build/bin/pip install --require-hashes --no-deps --requirement requirements-build.lock \
 && python -m venv --without-pip /venv \
 && /build/bin/pip --python /venv/bin/python install --no-compile --require-hashes --no-deps --requirement requirements-image.lock \
 && find /venv -name '*.so' -exec strip --strip-unneeded {} +
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
# A container cannot write byte code: without that of the libraries each start takes seconds, and each health check a
# quarter of one.
COPY .ci/import_all.py ./
RUN /venv/bin/python -I import_all.py \
 && mkdir /byte_code \
 && cd / \
 && find usr/local/lib/python3* -name site-packages -prune -o -name __pycache__ -exec cp --archive --parents --target-directory=/byte_code {} +

FROM ${PYTHON_IMAGE} AS base
RUN python -m pip uninstall --yes pip \
 && rm -rf /usr/local/lib/python3*/ensurepip /usr/local/lib/python3*/idlelib \
 && find /usr/local/lib -name __pycache__ -prune -exec rm -rf {} + \
 && groupadd --system --gid 10001 scriptledger \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin scriptledger

# Copied to an empty image: a layer on top of the base would only hide what was removed.
FROM scratch
COPY --from=base / /
COPY --from=build /byte_code /
COPY --from=build /venv /venv
RUN find / -xdev -type f -printf '%i %s\n' | awk '!seen[$1]++ { bytes += $2 } END { exit (bytes > 250000000) }'
ENV PATH=/venv/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SCRIPTLEDGER_HOME=/tmp/home
# By number, so that an orchestrator sees that it is not root.
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["scriptledger"]
CMD ["--help"]
