"""The run itself: who works when, and what is told in the end."""

import shutil
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from torture.upstream import Upstream

from .callers import Callers
from .doors import Door
from .hooks import HookProxy
from .judge import Judge
from .notices import Notices, check_notices
from .outages import Outages
from .service import Service
from .tally import Tally, mean, quantile
from .watch import Watch

# The memory after the outages may differ from that before by this part of it.
FLAT = 0.10
# Seconds after an outage of the API in which callbacks may still find the table of unconfirmed ones full.
TIME_OF_FULL_TABLE = 120
# Seconds after which a service whose queue does not empty is started again.
RESTART_IN_DRAIN = 10


def perform(plan, binary):
    """Prints the last line, and says whether it holds. The folder of one that fell stays for a look."""
    tally = Tally()
    folder = tempfile.mkdtemp(prefix="fixative-soak-")
    counts = (0, 0, 0)
    try:
        with Upstream(binary, tasks=0, faults="hostile", seed=plan.seed) as upstream:
            counts = soak(plan, binary, folder, upstream, tally)
    except Exception:
        traceback.print_exc()
        tally.err("the soak itself ended with an error")
    passes = tally.lost == 0 and tally.wrong == 0 and counts[0] > 0
    if passes:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        tally.note(f"the files of this soak: {folder}")
    tasks, archived, unavailable = counts
    print(f"soak minutes {plan.length / 60:g} tasks {tasks} archived {archived} unavailable {unavailable} lost {tally.lost} "
          f"{'pass' if passes else 'fall'}", flush=True)
    return passes


def soak(plan, binary, folder, upstream, tally):
    with Notices() as notices, Door(upstream.url, tally, "storage") as storage, Door(upstream.url, tally, "API", storage) as api:
        service = Service(binary, folder, api.url, notices.url, plan, tally)
        service.is_blind = lambda: api.form is not None
        judge = Judge(upstream, service, plan, tally)
        try:
            service.start()
            with HookProxy(service, tally) as hooks, Watch(service, tally) as watch:
                callers = Callers(upstream.url, service, hooks.url, plan, tally)
                outages = [Outages(plan.storage_outage, storage, "outputs", service, plan, tally),
                           Outages(plan.api_outage, api, "tasks", service, plan, tally)]
                hooks.may_be_full = lambda: api.form is not None or outages[1].ended_within(TIME_OF_FULL_TABLE)
                work(plan, service, hooks, callers, outages, tally)
                drain(plan, service, upstream, judge, tally)
            service.stop()
            judge.judge(callers.created)
            check_ways(plan, service, callers, judge, tally)
            check_notices(notices, callers.created, judge, plan, tally)
            tell(plan, service, hooks, callers, watch, judge, tally)
            return len(judge.truth), len(judge.archived), len(judge.unavailable)
        finally:
            if service.process and service.process.poll() is None:
                service.kill()


def work(plan, service, hooks, callers, outages, tally):
    """Callers all the time; restarts and the outages beside them."""
    began = time.monotonic()
    failures = []

    def guarded(action):
        def run():
            try:
                action()
            except Exception as error:
                failures.append(error)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    threads = [guarded(lambda: restart(plan, service, began, failures)), guarded(lambda: outage(plan, hooks, began, tally))]
    threads += [guarded(lambda each=each: each.run(began)) for each in outages]
    callers.run(until=began + plan.length)
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def restart(plan, service, began, failures):
    number = 1
    while number * plan.restart_every < plan.length and not failures:
        time.sleep(max(0, began + number * plan.restart_every - time.monotonic()))
        if number % 2:
            service.stop()
        else:
            service.kill()
        service.start()
        number += 1


def outage(plan, hooks, began, tally):
    time.sleep(max(0, began + (plan.length - plan.outage) / 2 - time.monotonic()))
    hooks.refuses = True
    time.sleep(plan.outage)
    hooks.refuses = False
    tally.note(f"the webhook refused connections for {plan.outage:.0f} s")


def drain(plan, service, upstream, judge, tally):
    """Waits until every task of the account is known and nothing waits but what a patient client can't have either.

    What was tried often during an outage is tried rarely after it, when a passing fault meets it again. A start takes it up at once.
    """
    tasks = len(upstream.tasks())
    began = started = time.monotonic()
    hopeless, queued, known, left = set(), None, 0, set()
    while time.monotonic() - began < plan.drain:
        queued, known, stubborn = service.waiting()
        doubtful = sorted(stubborn - hopeless, key=str)
        with ThreadPoolExecutor(8) as pool:
            verdicts = pool.map(lambda key: judge.can_be_had(*key), doubtful)
            hopeless.update(key for key, can_be_had in zip(doubtful, verdicts) if not can_be_had)
        left = stubborn - hopeless
        if queued == len(stubborn & hopeless) and known >= tasks and service.unsent_notices() == 0:
            break
        if left and time.monotonic() - started > RESTART_IN_DRAIN:
            service.stop()
            service.start()
            started = time.monotonic()
        time.sleep(2)
    else:
        tally.err(f"after {plan.drain:.0f} s {queued} tasks and pictures wait, {len(left)} of them can be downloaded, {known} of {tasks} tasks "
                  f"are known, and {service.unsent_notices()} notices are unsent")
    tally.note(f"the queue was empty {time.monotonic() - began:.0f} s after the last task")


def check_ways(plan, service, callers, judge, tally):
    """That each way in was used, and that what went through the gateway has its request on record."""
    wanted = ["callbacks taken", "callbacks refused"] + (["gateway calls answered"] if plan.gateway else [])
    for what in wanted:
        if not tally.counts[what]:
            tally.err(f"{what}: none")
    bare = [task for task in callers.through if task in judge.tasks and not judge.tasks[task]["has_request"]]
    tally.count("gateway calls without their request", len(bare))
    # A process that is killed may have handed on an answer a moment before.
    if len(bare) > service.kills:
        tally.err(f"the requests of {len(bare)} gateway calls are not on record, such as {sorted(bare)[0]}")


def tell(plan, service, hooks, callers, watch, judge, tally):
    ages = [row["ended_at"] / 1000 - callers.created[task] for (task, _), row in judge.outputs.items()
            if row["state"] == "archived" and task in callers.created]
    quarters = watch.quarters(plan.length)
    means = [mean(samples) / 2**20 for samples in quarters]
    rows = [(name, str(number)) for name, number in sorted(tally.counts.items())]
    sources = {}
    for row in judge.tasks.values():
        sources[row["source"]] = sources.get(row["source"], 0) + 1
    rows += [
        ("tasks by their first source", ", ".join(f"{name} {count}" for name, count in sorted(sources.items()))),
        ("seconds from creation to archived, p50 / p99 / maximum",
         " / ".join(f"{age:.1f}" for age in (quantile(ages, 0.5), quantile(ages, 0.99), max(ages, default=0)))),
        ("milliseconds of a callback's answer, p50 / p99", spans(hooks.seconds)),
        ("milliseconds of a gateway's answer, p50 / p99", spans(callers.gateway_seconds)),
        ("SIGTERM / SIGKILL", f"{len(service.stops)} / {service.kills}"),
        ("slowest stop / slowest start, seconds", f"{max(service.stops, default=0):.1f} / {max(service.starts):.1f}"),
        ("resident MiB by quarter / maximum", " ".join(f"{value:.0f}" for value in means) + f" / {watch.most / 2**20:.0f}"),
    ]
    for problem in sorted(watch.problems)[:10]:
        rows.append(("not ready", problem))
    for name, value in rows:
        tally.note(f"{name:52} {value}")
    if not plan.judges_memory:
        return tally.note("the run is too short to judge the memory")
    before = mean(watch.between(60, plan.storage_outage.begin)) / 2**20
    after = mean(watch.between(plan.api_outage.end + 60, plan.length)) / 2**20
    # Written so that times without a sample fall too.
    if not abs(after - before) <= FLAT * before:
        tally.err(f"memory is not flat: {before:.0f} MiB before the outages, {after:.0f} MiB after them")
    return None


def spans(seconds):
    return " / ".join(f"{1000 * quantile(seconds, share):.0f}" for share in (0.5, 0.99))
