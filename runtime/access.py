"""Why brokers that answer do not let us in. aiokafka only logs it, and then says that it cannot reach them."""

from __future__ import annotations

import asyncio
import ssl

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

from runtime.kafka import connection
from runtime.settings import Settings

PATIENCE_SECONDS = 5.0


class AccessRefused(Exception):
    """A broker is there, but TLS or SASL does not come about. The message says which setting to look at."""


async def check_access(settings: Settings) -> None:
    """Makes a connection to each of the configured brokers as clients do, and closes it.

    A broker that does not answer at all is none of its concern.

    Raises:
        AccessRefused: if one refuses this user, or shows a certificate that is not trusted.
    """
    told = dict(connection(settings))
    for host, port, _ in collect_hosts(told.pop("bootstrap_servers"), randomize=False):
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                (await create_conn(host, port, **told)).close()
        except ssl.SSLCertVerificationError as error:
            raise AccessRefused(
                f"the certificate of Kafka at {host}:{port} is not trusted ({error.verify_message}): is the "
                "authority that signed it in RELEARN_KAFKA_SSL_CAFILE?"
            ) from error
        except ssl.SSLError as error:
            raise AccessRefused(
                f"Kafka at {host}:{port} does not speak TLS as asked ({error.reason}): is "
                f"RELEARN_KAFKA_SECURITY_PROTOCOL={settings.kafka_security_protocol} right?"
            ) from error
        except (SaslAuthenticationFailed, UnsupportedSaslMechanismError) as error:
            raise AccessRefused(
                f"Kafka at {host}:{port} refuses user {settings.kafka_sasl_username!r} by "
                f"{settings.kafka_sasl_mechanism}: look at RELEARN_KAFKA_SASL_USERNAME, "
                "RELEARN_KAFKA_SASL_PASSWORD and RELEARN_KAFKA_SASL_MECHANISM"
            ) from error
        except (KafkaError, OSError, TimeoutError):
            continue
