"""What Linux's control groups leave a process of memory: by them, containers and batch jobs are limited."""

from math import inf
from pathlib import Path
from typing import NamedTuple


class _Names(NamedTuple):
    """Of a group's files.

    Attributes:
        limits: Bytes that the group may take; from ``memory.high`` on, the kernel holds its processes up.
        taken: Bytes that it takes.
        cached: In ``memory.stat``, the copies of files that the kernel drops when memory is asked for.
    """

    limits: tuple[str, ...]
    taken: str
    cached: str


_VERSION_1 = _Names(("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file")
_VERSION_2 = _Names(("memory.max", "memory.high"), "memory.current", "inactive_file")


def free_in_groups(
    groups: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")
) -> float:
    """Bytes that this process can still take before it meets a limit; infinite where there is none.

    A limit on a group holds for all the groups in it. A container may see its own group as the root, whatever
    the name it has outside.

    Args:
        groups: Where groups are mounted.
        membership: The kernel's list of the groups that the process is in.
    """
    if not membership.exists():
        return inf
    free = inf
    for line in membership.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            names, root = _VERSION_2, groups
        elif "memory" in controllers.split(","):
            names, root = _VERSION_1, groups / "memory"
        else:
            continue
        inside = Path(path.lstrip("/"))
        free = min(free, *(_free_in(root / group, names) for group in (inside, *inside.parents)))
    return free


def _free_in(group: Path, names: _Names) -> float:
    limit = min(_number(group / name) for name in names.limits)
    if limit == inf:
        return inf
    cached = dict(line.split() for line in _text(group / "memory.stat").splitlines()).get(names.cached, 0)
    return max(limit - _number(group / names.taken) + int(cached), 0)


def _number(path: Path) -> float:
    """Infinite for ``max``, and for a limit that the group does not have."""
    text = _text(path).strip()
    return float(text) if text.isdigit() else inf


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # another container's group, say
        return ""
