"""The one exception for bad input: a sentence for the person who gave it."""


class InputError(ValueError):
    """Input that cannot be used.

    The message is one sentence that names the file (or field), what is wrong with it and what to do.
    The command-line tools print that sentence alone and exit with status 1; a traceback would only
    hide it.
    """
