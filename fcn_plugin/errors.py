"""The one exception for bad input: a sentence for the person who gave it."""

import contextlib
import difflib
import inspect
import re
import sys
from collections.abc import Iterable, Iterator


class InputError(ValueError):
    """Input that cannot be used.

    The message is one sentence that names the file (or field), what is wrong with it and what to do.
    The command-line tools print that sentence alone and exit with status 1; a traceback would only
    hide it.
    """


@contextlib.contextmanager
def one_sentence_errors() -> Iterator[None]:
    """Turns an `InputError` into its sentence on stderr and exit status 1.

    So it does with a config's unknown ``type`` and with arguments that its type does not take.
    """
    try:
        yield
    except InputError as error:
        # Torch re-raises a data-loading worker's error with the worker's whole traceback as its message.
        _exit_with(str(error).rpartition(f"{InputError.__name__}: ")[2].strip())
    except (KeyError, TypeError) as error:
        frame = inspect.getinnerframes(error.__traceback__)[-1].frame
        # What components raise of themselves has another innermost frame, and needs its traceback.
        if frame.f_globals["__name__"] not in ("mmengine.registry.build_functions", "fcn_plugin.registry"):
            raise
        sentence = str(error.args[0])
        unknown = re.search(r"unexpected keyword argument '(\w+)'$", sentence)
        if unknown:
            sentence += did_you_mean(unknown[1], inspect.signature(frame.f_locals["obj_cls"]).parameters)
        _exit_with(f"in the config, {sentence}")


def _exit_with(sentence: str) -> None:
    print(f"error: {sentence}", file=sys.stderr)
    raise SystemExit(1) from None


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """``"; did you mean 'X'?"`` with the nearest of ``names``, or nothing where none is near.

    Of names that are as near as each other it is the first.
    """
    # Without regard to case, which is what a near miss is most often about.
    matcher = difflib.SequenceMatcher(b=name.lower())

    def likeness(other: str) -> float:
        matcher.set_seq1(other.lower())
        return matcher.ratio()

    nearest = max(names, key=likeness, default="")
    return f"; did you mean {nearest!r}?" if likeness(nearest) >= 0.6 else ""
