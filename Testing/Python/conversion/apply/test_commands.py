"""Commands: placeholders, quoting, failures, time limits, and that no process survives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nifti_dicom_bridge import Cancelled, OptionError, apply
from nifti_dicom_bridge.cli import main
from support.new_objects import series
from support.paths import MODULE
from support.round_trip import names_in

COPY = [sys.executable, "-c", "import shutil, sys; shutil.copy(*sys.argv[1:3])", "{input}", "{output}"]
"""Writes what it reads."""
TOUCH_AND_SLEEP = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(300)"


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def command(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def failure(task: list[str] | str, **options) -> str:
    """Apply a command to a series, and return why that failed; nothing may be left."""
    (entry,) = apply(series("ct"), "out", task, **options).entries
    assert entry.outcome == "failed"
    assert names_in(Path("out")) == []
    return entry.error


# --- placeholders -----------------------------------------------------------------------------------------------------


def test_placeholders_are_replaced() -> None:
    names = ("input", "output", "output_dir", "input_dir", "sidecar", "name", "subject")
    code = "import shutil, sys; open('seen.txt', 'w').write('\\n'.join(sys.argv[1:])); shutil.copy(*sys.argv[1:3])"

    apply(series("ct"), "out", command(code, *(f"{{{name}}}" for name in names)))

    values = dict(zip(names, Path("seen.txt").read_text().split("\n"), strict=True))
    assert Path(values["input"]).parent == Path(values["input_dir"])
    assert Path(values["output"]).parent == Path(values["output_dir"])
    assert values["sidecar"] == values["input"].replace(".nii.gz", ".json")
    assert values["subject"] == "P1"


def test_sidecar_is_next_to_the_input() -> None:
    code = "import json, pathlib, shutil, sys; pathlib.Path('seen.json').write_text(pathlib.Path(sys.argv[3]).read_text());"

    apply(series("ct"), "out", command(code + "shutil.copy(*sys.argv[1:3])", "{input}", "{output}", "{sidecar}"))

    assert '"Modality": "CT"' in Path("seen.json").read_text()
    assert "Ada" not in Path("seen.json").read_text()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["tool", "{inptu}", "{output}"], "{inptu}"),
        (["tool", "{output}"], "{input}"),
        (["tool", "{input}"], "{output}"),
        (["tool", "{inputs}", "{input}", "{output}"], "once per study"),
        (["tool", "--images={inputs}", "{output}"], "several arguments"),
        ([], "No command"),
    ],
)
def test_command_that_cannot_work_is_refused(words: list[str], expected: str) -> None:
    with pytest.raises(OptionError) as error:
        apply("ct", "out", words)
    assert expected in str(error.value)


def test_series_without_b_values_fails_where_they_are_asked_for() -> None:
    assert "no b-values" in failure(["tool", "{input}", "{bval}", "{output}"])


def test_braces_that_are_no_placeholders_stay() -> None:
    code = "import pathlib, shutil, sys; pathlib.Path('seen.txt').write_text(sys.argv[3]); shutil.copy(*sys.argv[1:3])"

    apply(series("ct"), "out", command(code, "{input}", "{output}", '{"a": 1} ${x} {{input}}'))

    assert Path("seen.txt").read_text() == '{"a": 1} ${x} {input}'


def test_argument_is_never_read_by_a_shell() -> None:
    code = "import pathlib, shutil, sys; pathlib.Path('seen.txt').write_text(sys.argv[3]); shutil.copy(*sys.argv[1:3])"

    apply(series("ct"), "out", command(code, "{input}", "{output}", "$(touch broken); `touch broken`"))

    assert Path("seen.txt").read_text() == "$(touch broken); `touch broken`"
    assert not Path("broken").exists()


def test_shell_gets_quoted_names() -> None:
    program = f'"{sys.executable}" -c "import shutil, sys; shutil.copy(*sys.argv[1:3])"'
    task = f'{program} {{input}} {{output}} && echo done > "a file.txt"'

    report = apply(series("ct"), "out", task, shell=True, input_name="it's; touch broken & touch broken; {name}")

    assert report.ok
    assert Path("a file.txt").exists()
    assert not Path("broken").exists()


@pytest.mark.skipif(os.name == "nt", reason="cmd.exe has no such comments")
def test_shell_may_get_quotation_marks_without_counterpart() -> None:
    report = apply(series("ct"), "out", "cp {input} {output}  # that's all", shell=True)

    assert report.ok


def test_input_name_with_number() -> None:
    code = "import pathlib, shutil, sys; pathlib.Path('seen.txt').write_text(sys.argv[1]); shutil.copy(*sys.argv[1:3])"

    apply(series("ct"), "out", command(code, "{input}", "{output}"), input_name="case_{number}")

    assert Path(Path("seen.txt").read_text()).name == "case_0000.nii.gz"


@pytest.mark.parametrize("text", ["{nope}", "{", "{0}", "{name.x}"])
def test_input_name_with_other_placeholders_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match=r"placeholders are \{name\} and \{number\}"):
        apply(series("ct"), "out", COPY, input_name=text)


@pytest.mark.slow
def test_command_runs_once_per_study_with_all_inputs() -> None:
    series("in/a", SeriesNumber="1")
    series("in/b", SeriesNumber="2")
    series("in/c", SeriesNumber="3", StudyInstanceUID="1.2.3.9")
    code = "import shutil, sys; open('calls', 'a').write(f'{len(sys.argv) - 2} '); shutil.copy(*sys.argv[1:2], sys.argv[-1])"

    apply("in", "out", command(code, "{inputs}", "{output}"))

    assert sorted(Path("calls").read_text().split()) == ["1", "2"]


# --- failures ---------------------------------------------------------------------------------------------------------


def test_command_that_fails_is_reported_with_its_last_lines() -> None:
    code = "import sys; print('loading'); sys.exit('CUDA out of memory')"

    error = failure(command(code, "{input}", "{output}"))

    assert "exit code 1" in error
    assert "CUDA out of memory" in error


def test_command_that_fails_after_writing_writes_no_dicom() -> None:
    code = "import shutil, sys; shutil.copy(*sys.argv[1:3]); sys.exit(3)"

    assert "exit code 3" in failure(command(code, "{input}", "{output}"))


def test_failure_of_one_series_does_not_stop_the_others() -> None:
    series("in/a", SeriesNumber="1")
    series("in/b", SeriesNumber="2")
    code = "import os, shutil, sys; os.path.exists('first') and sys.exit(1); open('first', 'w'); shutil.copy(*sys.argv[1:3])"

    report = apply("in", "out", command(code, "{input}", "{output}"))

    assert sorted(str(entry.outcome) for entry in report.entries) == ["failed", "reissued"]
    assert not report.ok


def test_command_that_does_not_exist_is_named() -> None:
    assert "no-such-tool cannot be started" in failure(["no-such-tool", "{input}", "{output}"])


def test_command_that_writes_nothing_fails() -> None:
    assert "wrote no file" in failure(command("pass", "{input}", "{output}"))


def test_files_that_are_no_images_are_named() -> None:
    error = failure(command("import sys; open(sys.argv[2] + '/seg.npz', 'w')", "{input}", "{output_dir}"))

    assert "seg.npz" in error
    assert "convert" in error


def test_pattern_that_matches_nothing_is_named() -> None:
    assert 'take="*_seg.nii.gz"' in failure(COPY, take="*_seg.nii.gz")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
def test_killed_command_is_named_by_its_signal() -> None:
    assert "SIGKILL" in failure(command("import os; os.kill(os.getpid(), 9)", "{input}", "{output}"))


def test_temporary_files_are_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))

    failure(command("raise SystemExit(1)", "{input}", "{output}"))

    assert names_in(tmp_path / "temporary") == []


# --- processes that do not end ----------------------------------------------------------------------------------------


def is_running(pid: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


def ends(pid: int) -> bool:
    """Whether a process ends, which the system may do a moment after the signal."""
    for _ in range(400):
        if not is_running(pid):
            return True
        time.sleep(0.05)
    return False


def pid_in(path: Path, process: subprocess.Popen | None = None) -> int:
    """Return the process that wrote its number to a file, when it has."""
    while not path.exists() or not path.read_text():
        assert process is None or process.poll() is None
        time.sleep(0.05)
    return int(path.read_text())


needs_proc = pytest.mark.skipif(os.name == "nt" or not Path("/proc/self/stat").exists(), reason="reads /proc")


@pytest.mark.slow
@needs_proc
def test_time_limit_ends_a_command_and_its_children() -> None:
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {TOUCH_AND_SLEEP!r}, 'child.pid'])"

    error = failure(command(child, "{input}", "{output}"), timeout=4)

    assert "timeout=4" in error
    assert ends(pid_in(Path("child.pid")))


@pytest.mark.slow
@needs_proc
def test_cancel_ends_the_commands() -> None:
    def progress(what: str, done: int, total: int) -> None:
        if Path("child.pid").exists() and Path("child.pid").read_text():
            raise Cancelled("The user stopped it.")

    with pytest.raises(Cancelled):
        apply(series("ct"), "out", command(TOUCH_AND_SLEEP, "child.pid", "{input}", "{output}"), progress=progress)

    assert ends(pid_in(Path("child.pid")))
    assert names_in(Path("out")) == []


@pytest.mark.slow
@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_of_the_command_line_ends_the_commands(number: int) -> None:
    task = command(TOUCH_AND_SLEEP, "child.pid", "{input}", "{output}")
    words = [sys.executable, "-m", "nifti_dicom_bridge", "apply", str(series("ct")), "-o", "out", "--", *task]
    process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(MODULE)})
    child = pid_in(Path("child.pid"), process)

    os.kill(process.pid, number)

    assert process.wait() == 130
    assert ends(child)
    assert names_in(Path("out")) == []


@pytest.mark.slow
def test_commands_run_at_the_same_time_with_jobs() -> None:
    """Each waits until the other has started."""
    series("in/a", SeriesNumber="1")
    series("in/b", SeriesNumber="2")
    code = (
        "import os, shutil, sys, time\n"
        "open(f'started-{os.getpid()}', 'w')\n"
        "while len([name for name in os.listdir() if name.startswith('started')]) < 2: time.sleep(0.05)\n"
        "shutil.copy(*sys.argv[1:3])"
    )

    assert apply("in", "out", command(code, "{input}", "{output}"), jobs=2, timeout=300).ok


# --- command line -----------------------------------------------------------------------------------------------------


def test_command_line_returns_0_and_prints_what_was_written(capsys: pytest.CaptureFixture) -> None:
    assert main(["apply", str(series("ct")), "-o", "out", "--algorithm", "copy:1", "--", *COPY]) == 0
    assert "out" in capsys.readouterr().out


def test_command_line_returns_1_for_a_command_that_fails(capsys: pytest.CaptureFixture) -> None:
    task = command("raise SystemExit('no license')", "{input}", "{output}")

    assert main(["apply", str(series("ct")), "-o", "out", "--", *task]) == 1
    assert "no license" in capsys.readouterr().err.split("\n")[-2]


def test_command_line_returns_2_for_a_wrong_placeholder(capsys: pytest.CaptureFixture) -> None:
    assert main(["apply", str(series("ct")), "-o", "out", "--", "tool", "{imput}", "{output}"]) == 2
    assert "{imput}" in capsys.readouterr().err


def test_options_of_the_command_are_not_those_of_this_program() -> None:
    code = (
        "import pathlib, shutil, sys; pathlib.Path('seen.txt').write_text(' '.join(sys.argv[3:])); shutil.copy(*sys.argv[1:3])"
    )

    assert (
        main(["apply", str(series("ct")), "-o", "out", "--", *command(code, "{input}", "{output}", "-o", "--jobs", "--")]) == 0
    )
    assert Path("seen.txt").read_text() == "-o --jobs --"


def test_report_contains_the_command(capsys: pytest.CaptureFixture) -> None:
    main(["apply", str(series("ct")), "-o", "out", "--report", "report.json", "--", *COPY])

    assert "exit code 0" in Path("report.json").read_text()


# --- environment ------------------------------------------------------------------------------------------------------


def test_environment_is_that_of_the_option() -> None:
    code = "import json, os, pathlib, shutil, sys; pathlib.Path('seen.json').write_text(str('HOME' in os.environ)"
    code += " + os.environ['ONLY']); shutil.copy(*sys.argv[1:3])"
    assert apply(series("ct"), "out", command(code, "{input}", "{output}"), environment={"ONLY": " here"}).ok
    assert Path("seen.json").read_text() == "False here"


def test_environment_is_text() -> None:
    with pytest.raises(OptionError, match="Expected names of environment variables"):
        apply(series("ct"), "out", COPY, environment={"A": 1})
