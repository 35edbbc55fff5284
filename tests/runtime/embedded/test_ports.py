"""A chosen port is free, and not one that a connection could take before a server listens there."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from runtime.embedded.ports import HOST, RANGE, NoPortFree, free_port


def test_a_port_is_none_that_connections_are_given() -> None:
    assert free_port() in RANGE


def test_the_preferred_port_is_taken_where_it_can_be() -> None:
    preferred = free_port()
    assert free_port(preferred) == preferred
    assert free_port(preferred, {preferred}) != preferred
    with socket.create_server((HOST, preferred)):
        assert free_port(preferred) != preferred


def test_where_none_is_free_it_says_so() -> None:
    with pytest.raises(NoPortFree, match="no port between 20000 and 32767"):
        free_port(taken=RANGE)


@pytest.mark.skipif(
    not Path("/proc/sys/net/ipv4/ip_local_port_range").exists(), reason="only Linux tells its range"
)
def test_the_range_ends_where_that_of_connections_begins() -> None:
    with socket.create_server((HOST, 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getsockname()[1] not in RANGE
