# Two stages: the first has Node and the build tools, the second only what serves.
FROM python:3.11-slim-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# First what changes seldom: the packages of both languages stay in a layer of their own.
COPY Makefile pyproject.toml README.md ./
COPY requirements requirements
COPY odr/__init__.py odr/__init__.py
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc frontend/
RUN make packages
COPY frontend frontend
RUN make build

FROM python:3.11-slim-bookworm
# Pango and the Chinese faces are for the official papers as PDF.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        fonts-noto-cjk libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin odr \
    && install --directory --owner=odr --mode=0700 /app/var
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY --from=build /app/frontend/dist frontend/dist
COPY pyproject.toml README.md ./
COPY alembic alembic
COPY odr odr
RUN .venv/bin/python -m compileall -q odr
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 ODR_HOST=0.0.0.0 ODR_PORT=8000 ODR_LOG_JSON=true
USER odr
VOLUME /app/var
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"ODR_PORT\"]}/healthz', timeout=2)"]
# The service sends every socket home, finishes what it took and ends within 30 s.
STOPSIGNAL SIGTERM
CMD ["odr", "serve"]
