"""The environment says everything, and what it does not say or says wrongly is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.settings import Settings, SettingsError, load_settings

SERVERS = {
    "RELEARN_KAFKA_BOOTSTRAP_SERVERS": "one:9092,two:9092",
    "RELEARN_DATABASE_URL": "postgresql://me:pw@db/x",
}


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SERVERS.items():
        monkeypatch.setenv(name, value)


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(SettingsError) as failure:
        load_settings(kafka_bootstrap_servers="one:9092")
    assert str(failure.value) == "RELEARN_DATABASE_URL must be set"


def test_all_missing_and_wrong_variables_are_named_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEARN_PARTITIONS", "0")
    monkeypatch.setenv("RELEARN_DOMAINS", "learning,cooking")
    with pytest.raises(SettingsError) as failure:
        load_settings()
    assert str(failure.value) == (
        "RELEARN_KAFKA_BOOTSTRAP_SERVERS, RELEARN_DATABASE_URL must be set; "
        "RELEARN_PARTITIONS is wrong: input should be greater than or equal to 1; "
        "RELEARN_DOMAINS is wrong: cooking is not among learning, executions"
    )


@pytest.mark.usefixtures("servers")
def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEARN_DOMAINS", " learning ")
    monkeypatch.setenv("RELEARN_SNAPSHOT_DIR", "/snapshots")
    settings = load_settings()
    assert settings.kafka_bootstrap_servers == "one:9092,two:9092"
    assert settings.domains == ("learning",)
    assert settings.snapshot_dir == Path("/snapshots")
    assert settings.log_level == "WARNING"


@pytest.mark.usefixtures("servers")
def test_sasl_without_credentials_is_refused() -> None:
    with pytest.raises(
        SettingsError, match="RELEARN_KAFKA_SASL_USERNAME and RELEARN_KAFKA_SASL_PASSWORD must be"
    ):
        load_settings(kafka_security_protocol="SASL_SSL")


@pytest.mark.usefixtures("servers")
def test_an_issuer_needs_an_audience_and_a_way_that_nobody_can_change() -> None:
    there = load_settings(oidc_issuer="https://id.example/", oidc_audience="relearn")
    assert there.oidc_issuer == "https://id.example/", "as it calls itself"
    assert load_settings(oidc_issuer="http://127.0.0.1:8080/x", oidc_audience="relearn").oidc_issuer
    with pytest.raises(SettingsError, match=r"^RELEARN_OIDC_AUDIENCE must be set with RELEARN_OIDC_ISSUER"):
        load_settings(oidc_issuer="https://id.example")
    for url in ("http://id.example", "http://127.0.0.1.example", "http://127.0.0.1@id.example"):
        with pytest.raises(SettingsError, match="RELEARN_OIDC_ISSUER is wrong: must begin with https://"):
            load_settings(oidc_issuer=url, oidc_audience="relearn")
    for url in ("id.example", "file:///etc/passwd", "https:// x", "http://[::1"):
        with pytest.raises(SettingsError, match="RELEARN_OIDC_ISSUER is wrong"):
            load_settings(oidc_issuer=url, oidc_audience="relearn")


@pytest.mark.usefixtures("servers")
def test_secrets_are_not_shown() -> None:
    settings = load_settings(kafka_sasl_password="hush")
    assert "hush" not in repr(settings)
    assert "pw" not in repr(settings)


def test_a_child_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Settings(
        kafka_bootstrap_servers="one:9092",
        database_url="postgresql:///x?host=/a b",
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_username="me",
        kafka_sasl_password="hush",
        domains=("learning",),
        partitions=7,
    )
    for name, value in told.environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == told


def test_topics_are_prefixed() -> None:
    settings = Settings(kafka_bootstrap_servers="one:9092", database_url="x", topic_prefix="eu.")
    assert settings.topic("learning.events") == "eu.learning.events"
