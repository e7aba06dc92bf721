"""A server of its own for a measurement, and the `runnel` command that talks to it."""
import subprocess
import time
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / "build/bin"
MEGABYTE = 1_000_000
SENTENCE = "the brook runs down the hill and over the stones, and under the bridge, and on.\n"


class Server:
    def __init__(self, folder, *options, programs=BUILD):
        self.programs = programs
        command = [programs / "runnel-server", "--listen=127.0.0.1:0", f"--data-dir={folder}/data", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the server did not start")
        self.address = line.split()[-1]

    def command(self, *arguments):
        return [self.programs / "runnel", "--server", self.address, *map(str, arguments)]

    def runnel(self, *arguments):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"runnel {' '.join(map(str, arguments[:2]))} failed: {done.stderr.strip()}")
        return done.stdout

    def start_runnel(self, *arguments):
        """Begins a command whose output and failure nobody reads."""
        return subprocess.Popen(self.command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def resident(self):
        """Bytes of memory that the server occupies."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise SystemExit("the server has ended")

    def settled(self):
        """Resident memory after it has not fallen for a second, in megabytes."""
        least, since = self.resident(), time.monotonic()
        while time.monotonic() - since < 1:
            time.sleep(0.1)
            now = self.resident()
            if now < least - MEGABYTE:
                least, since = now, time.monotonic()
        return round(self.resident() / MEGABYTE)

    def stop(self):
        self.process.terminate()
        self.process.wait()
