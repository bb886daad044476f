"""The next command to type, completed with what was typed: pasted, it is about the same company and account."""

from __future__ import annotations

import re
from collections.abc import Sequence

_COMMAND = re.compile(r"python runner\.py (run|rerun|resend|check|collect|show|settle|approve|preview)\b[^\n]*")


def completed(message: str, arguments: Sequence[str]) -> str:
    """*message* with the options of *arguments* that say where, added to each command that it shows without them."""
    env_file = _value_of("--env-file", arguments)

    def complete(match: re.Match[str]) -> str:
        missing = [option for option in ("--company", "--outputs") if option not in match[0]]
        typed = [f" {option} {_shell(value)}" for option in missing if (value := _value_of(option, arguments))]
        whole = match[0].rstrip() + "".join(typed)
        # The one option that stands before the subcommand
        return whole.replace("runner.py ", f"runner.py --env-file {_shell(env_file)} ", 1) if env_file else whole

    return _COMMAND.sub(complete, message)


def _value_of(option: str, arguments: Sequence[str]) -> str:
    for at, argument in enumerate(arguments):
        if argument == option and at + 1 < len(arguments):
            return arguments[at + 1]
        if argument.startswith(f"{option}="):
            return argument.partition("=")[2]
    return ""


def _shell(value: str) -> str:
    """Quoted where the shell would take it apart."""
    return value if re.fullmatch(r"[\w@%+=:,./-]+", value) else "'" + value.replace("'", "'\"'\"'") + "'"
