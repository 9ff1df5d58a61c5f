"""Slow work: what comes of it, whose turn it is, and what becomes of it when nobody waits or a process is lost."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import pandas as pd
import pytest

from explorer.errors import InputError
from explorer.screens import study_work
from explorer.screens.jobs import phase_diagram, scheduler
from explorer.screens.jobs.job import ENDED, Job
from explorer.screens.jobs.phase_diagram import PhaseDiagram
from explorer.screens.jobs.scheduler import ACTIVE, LEASE, LOST, PUT_AWAY, SHARE, Process, wait, want
from explorer.screens.jobs.worker import Bench, Reply, State
from explorer.screens.study_work import StudyWork
from explorer.settings import EMStudySettings
from explorer.study.phase import PHASE, PhaseAxes
from explorer.study.plans import study_of
from tests.screens import works

LONG = 60.0  # seconds that are enough on any machine
posix = pytest.mark.skipif(os.name == "nt", reason="kills processes as POSIX does")


# What the tests have the work done by, and how they wait


class Lent:
    """A process that outlives the scheduler of one test."""

    def __init__(self, process):
        self.process, self._lock = process, threading.Lock()

    def perform(self, *order):
        with self._lock:
            return self.process.perform(*order)


class Noting(Bench):
    """Notes whose turn it was; `gate` holds it before each turn while it is closed."""

    def __init__(self):
        super().__init__()
        self.turns, self.gate, self.reached = [], threading.Event(), threading.Event()

    def perform(self, number, *order):
        self.reached.set()
        assert self.gate.wait(LONG)
        self.turns.append(number)
        return super().perform(number, *order)


class Pretending(Bench):
    """Says that a slice has taken a second, and that there is more to do."""

    def __init__(self):
        super().__init__()
        self.turns = []

    def perform(self, number, *order):
        self.turns.append(number)
        time.sleep(0.001)
        return Reply([], State.GOING, None, 1.0)


class Parts(Job):
    """Keeps what the work yields."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.parts = []

    def take(self, told):
        self.parts += told

    @property
    def numbers(self):
        return [part for part in self.parts if not isinstance(part, str)]


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def forward(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    """The scheduler's time, which stands still."""
    made = Clock()
    monkeypatch.setattr(scheduler, "monotonic", made)
    return made


@pytest.fixture
def step_by_step(monkeypatch):
    """A slice of work is what lies between two yields."""
    monkeypatch.setattr(scheduler, "SLICE", 0.0)


@pytest.fixture(scope="module")
def process():
    made = Process()
    yield made
    made.stop()


@pytest.fixture
def at_process(process):
    scheduler.SCHEDULER.start([Lent(process)])


@pytest.fixture(params=["thread", "process"])
def anywhere(request):
    """Work is done by a thread of this process, and then by another process."""
    if request.param == "process":
        request.getfixturevalue("at_process")
    return request.param


def until(condition, seconds=LONG):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It never comes."
        time.sleep(0.005)


def stands_still(measure):
    """The measure, when it has not changed for a while."""
    end, value = time.monotonic() + LONG, measure()
    while True:
        time.sleep(0.3)
        before, value = value, measure()
        if before == value:
            return value
        assert time.monotonic() < end, "It never stands still."


def answer(job):
    until(lambda: wait(job, 1.0))  # the scheduler's clock may be moved on meanwhile
    return job.answer()


def gone(pid):
    """Whether there is no such process, or only what its parent has not looked after yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")
    with contextlib.suppress(OSError):
        return state.read_text().rpartition(")")[2].split()[0] == "Z"
    return False


# What comes of a job


def test_the_answer_is_what_the_function_returns(anywhere):
    job = Job(works.add, 2, 3)
    assert (job.finished, job.result) == (False, None)
    assert answer(job) == 5
    assert job.finished


def test_of_a_generator_the_answer_is_what_it_returns_at_the_end(anywhere):
    assert answer(Job(works.count, 3)) == 3


def test_what_needs_no_work_has_ended():
    assert ENDED.finished and wait(ENDED, 0) and ENDED.answer() is None


def test_nothing_is_done_before_somebody_wants_it():
    bench = Noting()
    scheduler.SCHEDULER.start([bench])
    Job(works.add, 1)
    assert not bench.reached.wait(0.2)


def test_waiting_ends_when_the_time_is_over(anywhere, tmp_path):
    job = Job(works.wait_for, tmp_path / "go")
    assert not wait(job, 0.01)
    (tmp_path / "go").touch()
    assert answer(job) > 0


def test_words_tell_how_far_it_is(anywhere, tmp_path):
    job = Job(works.wait_for, tmp_path / "go", "halfway")
    until(lambda: wait(job, 0.01) or job.progress == "halfway")
    assert not job.finished
    (tmp_path / "go").touch()
    answer(job)
    assert job.seconds > 0


def test_every_part_arrives_in_order_and_of_words_the_last(anywhere):
    job = Parts(works.count, 150)
    assert answer(job) == 150
    assert job.numbers == list(range(150))
    for word, part in zip(job.parts, job.parts[1:], strict=False):
        assert not isinstance(word, str) or word == f"before {part}"


def test_bad_input_keeps_its_sentence_and_is_not_logged(anywhere, caplog):
    job = Job(works.refuse, "K is 3; lower it.")
    with pytest.raises(InputError, match=r"^K is 3; lower it\.$"):
        answer(job)
    assert caplog.records == []


def test_any_other_failure_is_raised_again_and_logged(anywhere, caplog):
    job = Job(works.fail, KeyError("lost"))
    for _ in range(2):  # as often as somebody asks
        with pytest.raises(KeyError, match="lost"):
            answer(job)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "works.py" in caplog.text, "the log says where"


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit(), KeyboardInterrupt()])
def test_a_job_that_wants_to_end_its_process_fails_alone(anywhere, error, caplog):
    job = Job(works.fail, error)
    needing = Job(works.add, 1, needs=[job])
    for each in (job, needing):
        with pytest.raises(RuntimeError, match=type(error).__name__):
            answer(each)
    assert answer(Job(works.add, 1)) == 1


def test_a_failure_keeps_nothing_of_the_pages_on_which_it_was_raised():
    class Page:
        pass

    def draw():
        page = Page()
        seen.append(weakref.ref(page))
        job.answer()

    seen, job = [], Job(works.refuse, "No.")
    wait(job, LONG)
    with contextlib.suppress(InputError):
        draw()
    assert seen[0]() is None


# What comes before


def test_the_results_of_what_it_needs_are_handed_on_after_its_arguments(anywhere):
    first, second = Job(works.add, 1), Job(works.add, 20)
    assert answer(Job(works.add, 300, needs=[first, second])) == 321


def test_where_what_it_needs_fails_it_fails(anywhere):
    need = Job(works.refuse, "No.")
    job = Job(works.add, 1, needs=[need])
    with pytest.raises(InputError, match="No"):
        answer(job)


def test_what_it_needs_is_done_once_for_all(step_by_step):
    bench = Noting()
    bench.gate.set()
    scheduler.SCHEDULER.start([bench])
    need = Job(works.add, 1)
    assert [answer(Job(works.add, 1, needs=[need])) for _ in range(3)] == [2, 2, 2]
    assert bench.turns.count(need.number) == 1


# What cannot be sent


def same_worker_after(job, error, match):
    """Whether a job fails so, and its worker goes on."""
    worker = answer(Job(works.process))
    with pytest.raises(error, match=match):
        answer(job)
    return answer(Job(works.process)) == worker


def test_arguments_that_cannot_be_pickled(at_process):
    assert same_worker_after(Job(works.add, threading.Lock()), TypeError, "pickle")


@pytest.mark.parametrize("work", [works.give_lock, works.yield_lock, works.raise_lock])
def test_results_parts_and_errors_that_cannot_be_pickled(at_process, work, caplog):
    assert same_worker_after(Job(work), RuntimeError, "pickle.*lock")
    assert caplog.text.count("A job has failed.") == 1


def test_work_that_failed_because_of_what_it_yields_is_forgotten_by_its_worker(at_process, step_by_step, tmp_path):
    assert same_worker_after(Job(works.end_with_note, tmp_path / "forgotten"), RuntimeError, "pickle.*lock")
    assert (tmp_path / "forgotten").exists()


def test_an_error_that_cannot_be_read_again(at_process):
    assert same_worker_after(Job(works.raise_two_words), TypeError, "second")


def test_a_function_that_the_worker_does_not_know(at_process, monkeypatch):
    made_here = type("made_here", (), {"__module__": "tests.screens.works", "__qualname__": "made_here"})
    monkeypatch.setattr(works, "made_here", made_here, raising=False)
    assert same_worker_after(Job(made_here), AttributeError, "made_here")


def test_what_a_job_prints_is_no_reply(at_process):
    assert answer(Job(works.talk)) == "a reply"


# Processes


@pytest.mark.skipif(not hasattr(os, "nice"), reason="priorities have no numbers here")
def test_a_worker_comes_after_all_others(at_process):
    assert answer(Job(works.niceness)) == 19


def test_files_in_the_folder_of_the_server_are_not_the_worker_s(tmp_path, monkeypatch):
    for name in ("queue", "numpy", "explorer"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    scheduler.SCHEDULER.start([Process()])
    assert answer(Job(works.add, 1)) == 1


def test_ctrl_c_is_not_the_worker_s(at_process):
    worker = answer(Job(works.process))
    if os.name != "nt":
        assert os.getsid(worker) == worker
        os.kill(worker, signal.SIGINT)
    assert answer(Job(works.process)) == worker


@posix
def test_a_worker_that_is_killed_is_replaced_and_what_it_did_is_done(tmp_path, caplog):
    scheduler.SCHEDULER.start([Process()])
    job = Job(works.note_and_wait, tmp_path / "pid", tmp_path / "go")
    until(lambda: wait(job, 0.05) or ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text()))
    killed = int((tmp_path / "pid").read_text())
    os.kill(killed, signal.SIGKILL)
    (tmp_path / "go").touch()
    assert answer(job) != killed
    assert "has ended unexpectedly" in caplog.text


@posix
def test_what_takes_two_workers_with_it_has_failed_and_what_was_beside_it_is_done(tmp_path):
    scheduler.SCHEDULER.start([Process()])
    beside = Job(works.wait_for, tmp_path / "go")
    until(lambda: wait(beside, 0.05) or beside.progress)
    deadly = Job(works.kill_worker)
    until(lambda: wait(beside, 0.01) or wait(deadly, 0.05))
    with pytest.raises(InputError, match=f"^{LOST}$"):
        deadly.answer()
    (tmp_path / "go").touch()
    assert answer(beside) > 0


@posix
def test_a_worker_ends_when_the_server_is_killed_in_the_middle_of_a_slice(tmp_path):
    script = (
        "import sys; from pathlib import Path; from tests.screens import works\n"
        "from explorer.screens.jobs.scheduler import Process\n"
        "Process().perform(1, 0.05, (works.sleep_in_one_piece, (Path(sys.argv[1]), 600)), [])\n"
    )
    note = tmp_path / "pid"
    folder = str(Path(scheduler.__file__).parents[3])
    server = subprocess.Popen([sys.executable, "-c", script, str(note)], env=os.environ | {"PYTHONPATH": folder})
    try:
        until(lambda: note.exists() and note.read_text())
        assert not gone(int(note.read_text()))
    finally:
        server.kill()
        server.wait()
    until(lambda: gone(int(note.read_text())))


@posix
def test_stopping_ends_the_processes_and_whoever_waits_still_waits_no_longer_than_said(tmp_path, caplog):
    scheduler.SCHEDULER.start([Process()])
    job = Job(works.sleep_in_one_piece, tmp_path / "pid", 600)
    until(lambda: wait(job, 0.05) or ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text()))
    scheduler.SCHEDULER.stop()
    assert gone(int((tmp_path / "pid").read_text()))
    assert not wait(job, 0.1)
    assert not wait(Job(works.add, 1), 0.1)
    assert "unexpectedly" not in caplog.text


def test_a_process_that_is_started_while_the_scheduler_stops_ends_too():
    class Started(Process):
        def perform(self, *order):
            scheduler.SCHEDULER.stop()
            return super().perform(*order)

    worker = Started()
    scheduler.SCHEDULER.start([worker])
    job = Job(works.add, 1)
    want(job)
    until(lambda: job.finished and worker._process is None)


# Turns


def test_several_jobs_take_turns(step_by_step):
    bench = Noting()
    scheduler.SCHEDULER.start([bench])
    jobs = [Job(works.yield_cells, range(3)) for _ in range(3)]
    for job in jobs:
        want(job)
    bench.gate.set()
    for job in jobs:
        answer(job)
    first, second, third = (job.number for job in jobs)
    assert bench.turns == [first, second, third] * 4


def test_a_job_that_nobody_wants_any_more_stops_and_goes_on_when_it_is_wanted_again(clock, step_by_step):
    job = Parts(works.count, 10**9)
    want(job)
    until(lambda: len(job.numbers) > 2)
    clock.forward(LEASE)
    reached = stands_still(lambda: len(job.numbers))
    want(job)
    until(lambda: len(job.numbers) > reached)
    clock.forward(LEASE)
    count = stands_still(lambda: len(job.numbers))
    assert job.numbers == list(range(count)), "it went on where it was"


def test_a_job_that_nobody_wants_for_long_is_put_away_and_begun_again(clock, step_by_step):
    job = Parts(works.count, 10**9)
    want(job)
    until(lambda: len(job.numbers) > 2)
    clock.forward(LEASE + PUT_AWAY + 1)
    until(lambda: job not in scheduler.SCHEDULER._until)
    reached = len(job.numbers)
    want(job)
    until(lambda: len(job.numbers) > reached)
    assert job.numbers[reached] == 0
    clock.forward(LEASE)


def test_what_is_put_away_or_has_ended_leaves_nothing_behind(clock, step_by_step):
    bench, own = Bench(), scheduler.SCHEDULER
    own.start([bench])
    left = Parts(works.count, 10**9)
    want(left)
    until(lambda: left.parts)
    clock.forward(LEASE + PUT_AWAY + 1)
    until(lambda: left not in own._until)
    until(lambda: bench._works == {})  # without that anybody asks for something else
    answer(Job(works.add, 1))
    wait(Job(works.fail, KeyError()), LONG)
    until(lambda: not any((own._until, own._at, own._busy, own._served, own._losses, own._forgotten[bench])))
    assert bench._works == {}


def puts_away_after(second, begun, clock, make):
    """Work that nobody wants any more, for long, after its second part."""

    def made(*args):
        begun.append(args)
        for number, part in enumerate(make(*args)):
            if number == second and len(begun) == 1:
                clock.forward(LEASE + PUT_AWAY + 1)
            yield part

    return made


def test_a_study_that_was_put_away_goes_on_with_what_is_left(clock, step_by_step, monkeypatch):
    begun = []
    monkeypatch.setattr(study_work, "make_batches", puts_away_after(1, begun, clock, study_work.make_batches))
    settings = EMStudySettings(data="ten-points", n_components=2, n_starts=300, initializations=("random-points",))
    work = StudyWork(study_of(EMStudySettings(**vars(settings) | {"initializations": ("random-points", "equal")})))
    while not work.complete:
        work.wait(LONG)
    first, second = ([index for index, _ in batches] for _, batches in begun)
    assert (len(first), second) == (3, first[2:])
    assert len(work.table()) == work.n_runs == 301


def test_a_phase_diagram_that_was_put_away_goes_on_with_what_is_left(clock, step_by_step, monkeypatch):
    begun = []
    monkeypatch.setattr(phase_diagram, "make_cells", puts_away_after(1, begun, clock, phase_diagram.make_cells))
    diagram = PhaseDiagram(PHASE, PhaseAxes((10, 50, 80), "rank", (1,)))
    answer(diagram)
    assert [len(done) for _, _, done in begun] == [0, 2]
    assert sorted(cell.seen for cell in diagram.cells) == [10, 50, 80]


def test_readers_of_a_study_in_the_making_see_whole_batches():
    """While one thread takes in batches, others read; no reader meets a table that changes under it."""
    settings = EMStudySettings(data="ten-points", n_components=2, n_starts=300, initializations=("random-points",))
    work, failed = StudyWork(study_of(settings)), []
    work._batches = work._batches[:1] * 3000
    work._waiting = list(range(3000))

    def read():
        try:
            while work._waiting:
                assert work.n_finished <= work.n_runs
                if work.n_finished:
                    work.table()
        except Exception as error:
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    rows = pd.DataFrame({"seed": [1]})
    for index in range(3000):
        work.take(index, rows, 1.0)
    for reader in readers:
        reader.join(LONG)
    assert failed == [] and len(work.table()) == 3000


def test_to_want_again_what_is_wanted_wakes_no_worker(monkeypatch):
    """A hundred players ask twenty times a second each."""
    woken, own = [], scheduler.SCHEDULER
    bench = Noting()
    own.start([bench, bench])
    job = Job(works.add, 1)
    want(job)
    assert bench.reached.wait(LONG)  # one is at work, the other waits
    time.sleep(0.1)
    monkeypatch.setattr(own, "_put_away", lambda: woken.append(1))
    for _ in range(100):
        want(job)
        time.sleep(0.001)
    assert len(woken) < 50
    bench.gate.set()
    answer(job)


def test_to_want_what_ends_at_this_moment_is_no_error():
    job, failed = Job(works.add, asked=True), []

    def want_it():
        try:
            want(job)
        except Exception as error:
            failed.append(error)

    with scheduler.SCHEDULER._changed:
        wanting = threading.Thread(target=want_it)
        wanting.start()
        time.sleep(0.1)
        job.end(1)
    wanting.join(LONG)
    assert failed == [] and not scheduler.SCHEDULER._until


# What nobody asked for by a button, and what too many did


def test_while_somebody_is_active_what_nobody_asked_for_gets_its_share_of_one_core(clock):
    own, workers = scheduler.SCHEDULER, [Pretending(), Pretending()]
    own.start(workers)
    unasked = [Job(works.add), Job(works.add)]

    def go_on(seconds=0.0):
        with own._changed:  # nobody is inactive in between
            clock.forward(seconds)
            own.somebody_is_active()
        for job in unasked:
            want(job)

    def turns():
        return sum(len(worker.turns) for worker in workers)

    go_on()
    until(lambda: turns() == 1 and not own._busy)
    go_on(1 / SHARE - 1 - 0.1)
    assert stands_still(turns) == 1, "it has worked for a second and rests"
    go_on(0.2)
    until(lambda: turns() == 2 and not own._busy)
    assert stands_still(turns) == 2
    clock.forward(ACTIVE + 0.1)
    for job in unasked:
        want(job)
    until(lambda: turns() > 20)  # now nobody is active
    own.somebody_is_active()
    stands_still(turns)


def test_while_somebody_is_active_only_one_of_what_nobody_asked_for_is_at_work(clock):
    own, workers = scheduler.SCHEDULER, [Noting(), Noting()]
    own.somebody_is_active()
    own.start(workers)
    jobs = [Job(works.add), Job(works.add)]
    for job in jobs:
        want(job)
    until(lambda: any(worker.reached.is_set() for worker in workers))
    time.sleep(0.2)
    assert sum(worker.reached.is_set() for worker in workers) == 1
    asked = Job(works.add, asked=True)
    want(asked)
    until(lambda: all(worker.reached.is_set() for worker in workers))
    for worker in workers:
        worker.gate.set()
    answer(asked)


def test_what_somebody_asked_for_has_no_such_bound(clock):
    worker = Pretending()
    scheduler.SCHEDULER.start([worker])
    scheduler.SCHEDULER.somebody_is_active()
    want(Job(works.add, asked=True))
    until(lambda: len(worker.turns) > 20)


def test_so_many_that_were_asked_for_take_turns_and_others_wait_and_know_it(step_by_step, monkeypatch):
    monkeypatch.setattr(scheduler, "MAX_ASKED", 2)
    bench = Noting()
    scheduler.SCHEDULER.start([bench])
    jobs = [Job(works.yield_cells, range(3), asked=True) for _ in range(4)]
    for job in jobs:
        want(job)
    assert [job.ahead for job in jobs] == [0, 0, 1, 2]
    bench.gate.set()
    for job in jobs:
        answer(job)
    first, second, third, fourth = (job.number for job in jobs)
    assert bench.turns.index(third) > max(i for i, turn in enumerate(bench.turns) if turn == first)
    assert bench.turns.index(fourth) > max(i for i, turn in enumerate(bench.turns) if turn == second)


def test_who_leaves_makes_room(clock, step_by_step, monkeypatch):
    monkeypatch.setattr(scheduler, "MAX_ASKED", 1)
    left, waiting = Job(works.count, 10**9, asked=True), Job(works.add, 1, asked=True)
    want(left)
    want(waiting)
    assert waiting.ahead == 1
    clock.forward(LEASE)
    want(waiting)
    assert waiting.ahead == 0
    assert answer(waiting) == 1


# What is done in one piece


def test_a_computation_that_knows_nothing_of_slices_rests_for_others_and_goes_on(anywhere, tmp_path):
    file, ended = tmp_path / "go", tmp_path / "ended"
    long = Job(works.compute_until, file, tmp_path / "began", ended, asked=True)
    want(long)
    assert answer(Job(works.add, 1, 2, asked=True)) == 3
    assert not long.finished
    file.touch()
    assert answer(long) == "there"
    assert ended.exists()


def test_a_computation_that_is_put_away_ends_where_it_rests(anywhere, tmp_path, monkeypatch):
    monkeypatch.setattr(scheduler, "LEASE", 0.1)
    monkeypatch.setattr(scheduler, "PUT_AWAY", 0.1)
    began, ended = tmp_path / "began", tmp_path / "ended"
    job = Job(works.compute_until, tmp_path / "never", began, ended, asked=True)
    until(lambda: wait(job, 0.01) or began.exists())
    until(ended.exists)
