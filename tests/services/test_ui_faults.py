"""A killed `mldiag ui` takes its server and the server's own processes along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import alive, eventually

SCRIPT = """
import os, sys
from pathlib import Path
from mldiag.tracking.destination import Destination
from mldiag.tracking.ui import UserInterface

SERVER = '''
import http.server, os, subprocess, sys
child = subprocess.Popen(["sleep", "300"])
print(os.getpid(), child.pid, file=open(sys.argv[1] + "/pids", "w"), flush=True)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Answer).serve_forever()
'''

class Quick(UserInterface):
    def _command(self):
        return [sys.executable, "-c", SERVER, sys.argv[1], str(self.port)]

with Quick(Destination("postgresql://nobody@127.0.0.1:1/x"), port=0) as ui:
    print("up", flush=True)
    if sys.argv[2] == "stay":
        ui.wait()
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize("how", ["stay", "leave"])
def test_no_server_outlives_the_command(tmp_path, how):
    command = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, tmp_path, how], stdout=subprocess.PIPE, text=True
    )
    try:
        assert command.stdout.readline() == "up\n"
        pids = (tmp_path / "pids").read_text().split()
        if how == "stay":
            assert all(Path(f"/proc/{pid}").exists() for pid in pids)
            command.kill()
        assert command.wait(timeout=60) == (-9 if how == "stay" else 0)
    finally:
        command.kill()
        command.communicate()
    assert len(pids) == 2
    assert eventually(lambda: not any(alive(pid) for pid in pids))
