"""The line that tells how far a study is."""

import io

from explorer.study.command.progress import ProgressLine, described


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    """Goes on by as many seconds as it is told."""

    now = 1000.0

    def __call__(self):
        return self.now


def test_the_line_says_how_many_runs_how_long_and_how_long_still():
    assert described(0, 2000, 0, 0) == "[------------------------] 0 of 2,000 runs, 0:00 elapsed"
    halfway = described(1000, 2000, 60, 1000)
    assert halfway == "[############------------] 1,000 of 2,000 runs, 1:00 elapsed, about 1:00 left"
    assert described(2000, 2000, 120, 2000) == "[########################] 2,000 of 2,000 runs, 2:00 elapsed"


def test_runs_of_an_earlier_command_took_no_time_of_this_one():
    assert described(1500, 2000, 60, 100).endswith("about 5:00 left")


def test_a_terminal_shows_one_line_written_over_a_few_times_a_second(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    stream, clock = Terminal(), Clock()
    progress = ProgressLine(stream, clock)
    for finished in range(0, 1001, 10):
        progress(finished, 1000)
        clock.now += 0.05
    progress.close()
    written = stream.getvalue()
    assert written.endswith("\n")
    lines = written.strip().split("\r")
    assert 20 < len(lines) < 30
    assert lines[-1].rstrip() == "[########################] 1,000 of 1,000 runs, 0:05 elapsed"[:59]
    assert max(map(len, lines)) < 60


def test_a_log_file_gets_a_line_now_and_then():
    stream, clock = io.StringIO(), Clock()
    progress = ProgressLine(stream, clock)
    for finished in range(101):
        progress(finished, 100)
        clock.now += 0.5
    progress.close()
    lines = stream.getvalue().splitlines()
    assert [line.split("] ")[1].split(" of")[0] for line in lines] == ["0", "20", "40", "60", "80", "100"]
    assert "\r" not in stream.getvalue()


def test_nothing_to_do_is_told_once():
    stream = io.StringIO()
    progress = ProgressLine(stream)
    progress(5, 5)
    progress.close()
    assert stream.getvalue() == "[########################] 5 of 5 runs, 0:00 elapsed\n"
