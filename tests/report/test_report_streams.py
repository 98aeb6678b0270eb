import io
import os
import subprocess
import sys

from mldiag.report.streams import PIPE_WIDTH, console, printing_to_stderr


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_pipe_gets_no_colour_no_padding_and_a_fixed_width(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.delenv("COLUMNS", raising=False)
    made = console()
    made.print("red   ", style="bold red")
    assert stream.getvalue() == "red\n"
    assert made.width == PIPE_WIDTH


def test_no_color_is_respected_in_a_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    coloured, plain = Terminal(), Terminal()
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", coloured)
    console().print("red", style="bold red")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", plain)
    console().print("red", style="bold red")
    assert "\x1b[" in coloured.getvalue()
    assert plain.getvalue() == "red\n"


def test_what_user_code_prints_does_not_reach_the_standard_output(capfd):
    with printing_to_stderr():
        print("from Python")
        sys.stdout.flush()
        os.write(1, b"from C\n")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
    print("verdict")
    out, err = capfd.readouterr()
    assert out == "verdict\n"
    assert all(f"from {who}" in err for who in ("Python", "C", "a child"))
