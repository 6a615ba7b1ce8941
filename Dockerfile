# The program as a container: one image for every service of docker-compose.yml.

FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml requirements.lock README.md celeryconfig.py ./
# The lock names what development needs too: here it only says which version of what the program asks for.
RUN grep -E '^[A-Za-z0-9._-]+==' requirements.lock | sed 's/ *\\$//' > constraints.txt
COPY domain domain
COPY repos repos
COPY materialization materialization
COPY workers workers
COPY cli cli
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /tmp scriptledger
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SCRIPTLEDGER_HOME=/tmp/home
USER scriptledger
WORKDIR /tmp
ENTRYPOINT ["scriptledger"]
CMD ["--help"]
