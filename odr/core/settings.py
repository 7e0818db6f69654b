"""Settings from the environment (`ODR_*`). All are optional: without any the service runs on SQLite in ./var."""

import secrets
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Mode(StrEnum):
    """What the service is run for."""

    DEMO = "demo"
    CITY = "city"


class Settings(BaseSettings):
    """Every knob of the service; names in the environment are `ODR_` + the field in capitals."""

    model_config = SettingsConfigDict(env_prefix="ODR_", extra="ignore", frozen=False)

    mode: Mode = Mode.DEMO
    var: Path = Path("var")
    database_url: str | None = None
    redis_url: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    public_url: str | None = None
    secret_key: SecretStr | None = None
    log_json: bool = False
    access_log: bool = False
    body_max_bytes: int = 1024 * 1024
    upload_max_bytes: int = 20 * 1024 * 1024
    sms_adapter: str = "outbox"
    realname_adapter: str = "format"
    seal_adapter: str = "drawn"
    court_adapter: str = "folder"
    call_phone: str = "12348"
    trusted_proxies: str = "127.0.0.1"
    workers: int = Field(default=1, ge=1, le=64)
    worker: str = "1"  # which of them this process is; the supervisor says so
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    metrics_token: SecretStr | None = None
    linger_seconds: float = Field(default=0, ge=0, le=15)

    @cached_property
    def database(self) -> str:
        """The SQLAlchemy URL with an async driver."""
        url = self.database_url or f"sqlite:///{self.var.resolve()}/odr.sqlite3"
        if url.startswith("sqlite:"):
            return url.replace("sqlite:", "sqlite+aiosqlite:", 1)
        if url.startswith(("postgresql:", "postgres:")):
            return "postgresql+asyncpg:" + url.split(":", 1)[1]
        return url

    @property
    def is_sqlite(self) -> bool:
        return self.database.startswith("sqlite")

    @property
    def base_url(self) -> str:
        """The address people open, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def origins(self) -> frozenset[str]:
        """Origins that may post and open sockets. On loopback both of its names are the same machine."""
        parts = urlsplit(self.base_url)
        found = {f"{parts.scheme}://{parts.netloc}"}
        if self.public_url is None and self.host in ("127.0.0.1", "localhost"):
            found |= {f"http://127.0.0.1:{self.port}", f"http://localhost:{self.port}"}
        return frozenset(found)

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @cached_property
    def secret(self) -> bytes:
        """The root secret: from the environment, else from a file in `var` made at first start (mode 0600)."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value().encode()
        path = self.var / "secret.key"
        if not path.exists():
            self.var.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text().strip().encode()

    @property
    def first_worker_port(self) -> int:
        """Where the first of several workers answers alone; the others follow."""
        return self.metrics_port or self.port + 1

    def worker_refusal(self) -> str | None:
        """Why this configuration cannot have several workers; None when it can, or has one."""
        if self.workers == 1:
            return None
        if self.is_sqlite:
            return (
                f"{self.workers} workers need PostgreSQL: SQLite takes one process. "
                "Set ODR_DATABASE_URL=postgresql://…, or serve with one worker."
            )
        if not self.redis_url:
            return (
                f"{self.workers} workers need Redis: without it a line reaches the other workers' rooms late, and "
                "limits count for each worker alone. Set ODR_REDIS_URL=redis://…, or serve with one worker."
            )
        return None

    def refusals(self) -> list[str]:
        """Why this configuration must not serve a real city; empty when it may."""
        if self.mode is Mode.DEMO:
            return []
        found = []
        if self.sms_adapter == "outbox":
            found.append("ODR_SMS_ADAPTER=outbox only writes messages down; set a real SMS adapter.")
        if self.realname_adapter == "format":
            found.append("ODR_REALNAME_ADAPTER=format only checks digits; set a real-name service.")
        if self.seal_adapter == "drawn":
            found.append("ODR_SEAL_ADAPTER=drawn paints a seal; set the body's seal service.")
        if self.court_adapter == "folder":
            found.append(
                "ODR_COURT_ADAPTER=folder only writes the court's papers to a folder; set the court's platform."
            )
        if self.secret_key is None:
            found.append("ODR_SECRET_KEY is not set; keep it apart from the data.")
        if not self.is_https:
            found.append("ODR_PUBLIC_URL must be an https:// address.")
        return found
