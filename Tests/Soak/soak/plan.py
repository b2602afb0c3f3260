"""How long, how much, how often."""

from dataclasses import dataclass

SEED = 20261123
# Of this account's first 180 tasks two vanish, some fail and some have dead links, but none has to be tried for minutes.
BOUNDED_SEED = 88


@dataclass
class Outage:
    """Of the storage host or the API, as the service sees it. All times in seconds, `begin` since the run's."""

    begin: float
    length: float
    # How long it keeps one form.
    slot: float

    @property
    def end(self):
        return self.begin + self.length


@dataclass
class Plan:
    seed: int
    # Whether a third of the tasks is created through the service.
    gateway: bool
    # All times in seconds.
    length: float
    restart_every: float
    # Of the webhook.
    outage: float
    storage_outage: Outage
    api_outage: Outage
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
        # The storage host is away for eleven minutes: what fails for ten is told. Shorter runs shorten all of it.
        scale = min(1, length / 1140)
        begin = (length - 960 * scale) / 2
        return Plan(
            arguments.seed or SEED, arguments.gateway, length, restart_every=60, outage=min(60, length / 3),
            storage_outage=Outage(begin, 660 * scale, 60 * scale), api_outage=Outage(begin + 360 * scale, 600 * scale, 60 * scale),
            sweep_interval=20, lease=30, drain=600, sample=300, judges_memory=length >= 1800, rate=arguments.rate)

    @staticmethod
    def bounded(arguments):
        return Plan(
            arguments.seed or BOUNDED_SEED, arguments.gateway, 60, restart_every=20, outage=10, storage_outage=Outage(10, 14, 3.5),
            api_outage=Outage(19, 14, 3.5), sweep_interval=5, lease=3,
            drain=180, sample=30, judges_memory=False, rate=3)
