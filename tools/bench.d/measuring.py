"""What benchmarks share: CPU by process, Postgres' CPU and WAL, moments, tables of figures."""

import array
import os
import pathlib

import psql

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    """Fields of /proc/PID/stat from the third on: the second, the name, may hold anything."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()


def _ticks(pid, with_ended_children):
    fields = _stat(pid)
    return sum(int(field) for field in fields[11:15 if with_ended_children else 13])


def _children(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()


class Postgres:
    """The server behind a URL on this machine."""

    def __init__(self, url):
        self.url = url
        data = psql.run(url, "SHOW data_directory")[0]
        self._postmaster = int(pathlib.Path(data, "postmaster.pid").read_text(encoding="utf-8").split()[0])

    def cpu_seconds(self):
        """Of all its processes, those that have ended included."""
        ticks = _ticks(self._postmaster, True)
        for child in _children(self._postmaster):
            try:
                ticks += _ticks(child, False)
            except FileNotFoundError:
                continue  # it has just ended
        return ticks / TICKS_PER_SECOND

    def wal_bytes(self):
        return int(psql.run(self.url, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")[0])


class Stages:
    """The CPU that each stage has used since the beginning; stages are functions of no argument."""

    def __init__(self, stages):
        self._stages = stages
        self._start = {name: stage() for name, stage in stages.items()}

    def used(self):
        return {name: stage() - self._start[name] for name, stage in self._stages.items()}


def process_cpu(*pids):
    """A stage of processes."""
    return lambda: sum(_ticks(pid, False) for pid in pids) / TICKS_PER_SECOND


def _memory_mib(pid, kind):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"process {pid} has no memory")


def peak_memory_mib(pid):
    return _memory_mib(pid, "VmHWM")


def memory_mib(pid):
    return _memory_mib(pid, "VmRSS")


def moments(path):
    """Nanoseconds by record number, as crier-bench notes them; 0 where nothing happened."""
    values = array.array("q")
    values.frombytes(pathlib.Path(path).read_bytes())
    return values


def quantile(ordered, share):
    return ordered[int(share * (len(ordered) - 1))]


def table(rows):
    """Prints rows of a name and its figures."""
    width = max(len(name) for name, _ in rows)
    for name, figure in rows:
        print(f"  {name.ljust(width)}  {figure}")
