"""What a process is told by its environment. Nothing is guessed: what is missing fails by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from schemas.generation import FIRST, Generation, Registered, domain_of
from schemas.topics import DOMAINS, Topic

PREFIX = "RELEARN_"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LogFormat = Literal["console", "json"]


class SettingsError(Exception):
    """The environment lacks or misstates something. The message names the variables."""


class Settings(BaseSettings):
    """Everything that can be set, each by `RELEARN_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    kafka_bootstrap_servers: str = Field(min_length=1)
    """host:port, several with commas."""
    kafka_security_protocol: SecurityProtocol = "PLAINTEXT"
    kafka_sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ssl_cafile: Path | None = None
    """PEM file of the authorities to trust; without it the machine's own."""
    kafka_ssl_certfile: Path | None = None
    """PEM file of the client's own certificate, where the brokers ask for one."""
    kafka_ssl_keyfile: Path | None = None
    kafka_replication_factor: int = Field(1, ge=1)
    kafka_min_insync_replicas: int = Field(1, ge=1)
    topic_prefix: str = Field("", pattern=r"^[A-Za-z0-9._-]*$")
    """Stands before every topic, group and transaction of this installation."""
    partitions: int = Field(4, ge=1)
    """How many partitions new topics get."""

    database_url: str = Field(min_length=1, repr=False)
    """A libpq URI; TLS by its `sslmode` and `sslrootcert`."""

    domains: Annotated[tuple[str, ...], NoDecode] = tuple(DOMAINS)
    """Which domains this process serves; several with commas."""
    embedding_model: str = "all-MiniLM-L6-v2"
    embedding_cache: Path | None = None
    sentiment_analyser: str = "vader"
    snapshot_dir: Path | None = None
    data_dir: Path = Path(".relearn")
    """Where the embedded servers keep their files."""

    api_host: str = "127.0.0.1"
    api_port: int = Field(8000, ge=1, le=65535)
    """Where the HTTP API is served."""
    api_rate: str = Field("12000/minute", pattern=r"^[1-9]\d*/(second|minute|hour)$")
    """How many requests each caller may make."""

    health_host: str = "127.0.0.1"
    health_port: int = Field(0, ge=0, le=65535)
    """Where /health and /metrics are served; 0 takes any free port."""
    log_level: LogLevel = "WARNING"
    log_format: LogFormat = "console"
    otlp_endpoint: str | None = Field(None, pattern=r"^https?://")
    """Where a collector takes traces by OTLP over HTTP, as http://collector:4318; without it none are recorded."""

    oidc_issuer: str | None = Field(None, pattern=r"^https?://\S+$")
    """Whose tokens the API accepts beside access keys, exactly as they say it in `iss`; without it nobody's."""
    oidc_audience: str | None = Field(None, min_length=1)
    """For whom those tokens must be, by their `aud`."""
    oidc_role_claim: str = Field("role", min_length=1)
    """Which of their claims names the caller's role."""
    oidc_shops_claim: str = Field("shops", min_length=1)
    """Which of their claims lists the caller's shops."""

    _registered: Mapping[str, Registered] = PrivateAttr(default_factory=dict)
    """What the registry says, by domain. Nothing: every domain is in its first generation."""

    @field_validator("domains", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @field_validator("domains")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(value) - set(DOMAINS))
        if unknown or not value:
            raise ValueError(f"{', '.join(unknown) or 'nothing'} is not among {', '.join(DOMAINS)}")
        return value

    @model_validator(mode="after")
    def _credentials(self) -> Settings:
        told = self.kafka_sasl_username is not None and self.kafka_sasl_password is not None
        if self.kafka_security_protocol.startswith("SASL") and not told:
            raise ValueError(
                f"{PREFIX}KAFKA_SASL_USERNAME and {PREFIX}KAFKA_SASL_PASSWORD must be set "
                f"with {PREFIX}KAFKA_SECURITY_PROTOCOL={self.kafka_security_protocol}"
            )
        return self

    @field_validator("oidc_issuer")
    @classmethod
    def _unchanged_on_the_way(cls, value: str | None) -> str | None:
        if value is not None and not is_safe_way(value):
            raise ValueError("must begin with https://, or be on this machine")
        return value

    @model_validator(mode="after")
    def _audience(self) -> Settings:
        if self.oidc_issuer is not None and self.oidc_audience is None:
            raise ValueError(
                f"{PREFIX}OIDC_AUDIENCE must be set with {PREFIX}OIDC_ISSUER: "
                "a token that is meant for somebody else is nobody's"
            )
        return self

    def topic(self, name: str) -> str:
        """What this topic, or this consumer group, is called at the broker."""
        registered = self._registered.get(domain_of(name) or "")
        return self.topic_prefix + (registered.now.names.get(name, name) if registered else name)

    def partitions_of(self, topic: Topic) -> int:
        """How many partitions this topic is to have."""
        registered = self._registered.get(domain_of(topic.name) or "")
        return topic.partitions or (registered.now.partitions if registered else self.partitions)

    def registered(self, domain: str) -> Registered:
        """What the registry says of a domain."""
        first = Generation(number=FIRST, model=self.embedding_model, partitions=self.partitions)
        return self._registered.get(domain) or Registered(domain=domain, current=FIRST, generations=(first,))

    def following(self, registered: Mapping[str, Registered]) -> Settings:
        """These settings, with topics as the registry names them."""
        told = self.model_copy()
        told._registered = dict(registered)  # noqa: SLF001 - a copy of itself
        return told

    def of(self, domain: str) -> Settings:
        """These settings for one domain alone: its own embedding model and partitions."""
        if domain not in self._registered:
            return self
        now = self._registered[domain].now
        return self.model_copy(update={"embedding_model": now.model, "partitions": now.partitions})

    def within(self, domain: str, number: int) -> Settings:
        """These settings as if this generation of a domain were the current one.

        Raises:
            LookupError: if there is none of this number.
        """
        registered = self.registered(domain)
        registered.generation(number)
        told = self.following({**self._registered, domain: registered.model_copy(update={"current": number})})
        return told.of(domain)

    def environment(self) -> Mapping[str, str]:
        """The variables that give a child process these settings, secrets included."""
        return {
            PREFIX + name.upper(): _as_text(getattr(self, name))
            for name in type(self).model_fields
            if name in self.model_fields_set and getattr(self, name) is not None
        }


def is_safe_way(url: str) -> bool:
    """Whether nobody on the way can change what is fetched from this address: by TLS, or on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def load_settings(**known: Any) -> Settings:
    """The settings of this process: its environment, and before it what is `known` already.

    Raises:
        SettingsError: one sentence that names every variable that is missing or wrong.
    """
    try:
        return Settings(**known)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None


def _as_text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _sentence(error: ValidationError) -> str:
    told = error.errors(include_url=False, include_context=False)
    missing = [_variable(e["loc"]) for e in told if e["type"] == "missing"]
    wrong = [_complaint(e["loc"], e["msg"]) for e in told if e["type"] != "missing"]
    return "; ".join([f"{', '.join(missing)} must be set"] * bool(missing) + wrong)


def _complaint(loc: tuple[int | str, ...], message: str) -> str:
    reason = message.removeprefix("Value error, ")
    return f"{_variable(loc)} is wrong: {reason[0].lower()}{reason[1:]}" if loc else reason


def _variable(loc: tuple[int | str, ...]) -> str:
    return PREFIX + str(loc[0]).removeprefix(PREFIX.lower()).upper()
