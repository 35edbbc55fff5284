"""Three brokers in one cluster: each keeps a copy of everything, and any two can go on without the third."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from runtime.embedded.kafka import EmbeddedKafka, new_cluster
from runtime.embedded.ports import HOST, free_port

COPIES = {
    "offsets.topic.replication.factor": 3,
    "transaction.state.log.replication.factor": 3,
    "transaction.state.log.min.isr": 2,
    "share.coordinator.state.topic.replication.factor": 3,
    "share.coordinator.state.topic.min.isr": 2,
    # A broker that died is to be missed sooner than after 9 seconds.
    "broker.session.timeout.ms": 3000,
    "broker.heartbeat.interval.ms": 500,
}


class Cluster:
    """Brokers 1, 2 and 3, each of them a controller too."""

    def __init__(self, folder: Path) -> None:
        ports = _free_ports(6)
        self._addresses = [f"{HOST}:{port}" for port in ports[:3]]
        voters = ",".join(f"{number}@{HOST}:{port}" for number, port in enumerate(ports[3:], 1))
        cluster = new_cluster()
        self.brokers = {
            number: EmbeddedKafka(
                folder / f"broker-{number}",
                ports[number - 1],
                ports[number + 2],
                options={**COPIES, "node.id": number, "controller.quorum.voters": voters},
                cluster=cluster,
            )
            for number in (1, 2, 3)
        }

    async def start(self) -> str:
        """Starts all that do not run; returns their addresses."""
        await asyncio.gather(*(broker.start() for broker in self.brokers.values() if broker.pid is None))
        return ",".join(self._addresses)

    async def stop(self) -> None:
        await asyncio.gather(*(broker.stop() for broker in self.brokers.values()))


def _free_ports(count: int) -> Sequence[int]:
    ports: list[int] = []
    while len(ports) < count:
        ports.append(free_port(taken=ports))
    return ports
