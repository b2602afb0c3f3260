"""How long, how much, how often."""

from dataclasses import dataclass

SEED = 20261123
# Of this account's first 180 tasks two vanish, some fail and some have dead links, but none has to be tried for minutes.
BOUNDED_SEED = 88


@dataclass
class Plan:
    seed: int
    # Whether a third of the tasks is created through the service.
    gateway: bool
    # All times in seconds.
    length: float
    restart_every: float
    outage: float
    sweep_interval: int
    # How long a dead process's work waits for the next one.
    lease: int
    # The longest that the queue may take to empty afterwards.
    drain: float
    # Originals that are compared with what the simulator serves.
    sample: int
    # Whether the run is long enough to say anything of memory.
    judges_memory: bool
    # Tasks a second.
    rate: float = 5

    @staticmethod
    def full(arguments):
        length = arguments.minutes * 60
        return Plan(
            arguments.seed or SEED, arguments.gateway, length, restart_every=60, outage=min(60, length / 3), sweep_interval=20, lease=30,
            drain=480, sample=300, judges_memory=length >= 480)

    @staticmethod
    def bounded(arguments):
        return Plan(
            arguments.seed or BOUNDED_SEED, arguments.gateway, 60, restart_every=20, outage=10, sweep_interval=5, lease=3, drain=120,
            sample=30, judges_memory=False, rate=3)
