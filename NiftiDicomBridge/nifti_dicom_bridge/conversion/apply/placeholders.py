"""``{input}``, ``{output}`` and the like in a command: which there are, and what is in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ...errors import OptionError
from ...options.remedies import remedy
from .command_lines import quoted

OF_VOLUME = ("input", "output", "sidecar", "bval", "bvec", "name")
OF_ANY_RUN = ("input_dir", "output_dir", "subject")
_NUMBERED = re.compile(r"input[1-9]\d*")
_MARK = re.compile(r"(?<![$\w{])\{([a-z][a-z0-9_]*)\}(?!\})")
"""Neither ``${VARIABLE}`` of a shell nor ``{{text}}``."""
Values = Mapping[str, str | Sequence[str]]


def names_in(command: Sequence[str]) -> list[str]:
    """Return the placeholders of a command, each once."""
    return list(dict.fromkeys(name for word in command for name in _MARK.findall(word)))


def is_per_study(command: Sequence[str]) -> bool:
    """Whether a command names several inputs."""
    return any(name == "inputs" or _NUMBERED.fullmatch(name) for name in names_in(command))


def check_command(command: Sequence[str], shell: bool, per_study: bool) -> None:
    """Refuse a command that cannot work.

    Raises
    ------
    OptionError
        If a placeholder is unknown or not available, or the command has no input or no output.
    """
    if not command or not command[0].strip():
        raise OptionError("No command was given. Write it after --, such as: -- COMMAND {input} {output}.")
    names = names_in(command)
    for name in names:
        _check_name(name, per_study)
    if not any(name in ("input", "inputs", "input_dir") or _NUMBERED.fullmatch(name) for name in names):
        raise OptionError("The command does not contain {input}. Write {input}, {inputs} or {input_dir} where it reads images.")
    if not {"output", "output_dir"} & set(names):
        raise OptionError("The command does not contain {output}. Write {output} or {output_dir} where it writes images.")
    alone = [word for word in command if "{inputs}" in word and word != "{inputs}"]
    if alone and not shell:
        raise OptionError(
            f"{{inputs}} is replaced by several arguments and is part of the argument {alone[0]!r}. "
            f"{remedy('separate-arguments')}"
        )


def check_input_name(text: str) -> None:
    """Refuse a file name with other placeholders than there are for it."""
    try:
        text.format(name="", number="")
    except (LookupError, ValueError, AttributeError):
        raise OptionError(
            f'input_name="{text}" is not valid. Its placeholders are {{name}} and {{number}}; write {{{{ and }}}} for braces.'
        ) from None


def _check_name(name: str, per_study: bool) -> None:
    one, several = name in OF_VOLUME, name == "inputs" or bool(_NUMBERED.fullmatch(name))
    if not (one or several or name in OF_ANY_RUN):
        known = ", ".join(f"{{{known}}}" for known in (*OF_VOLUME, "inputs", "input1", *OF_ANY_RUN))
        raise OptionError(f"The command contains {{{name}}}. Placeholders are {known}. Write {{{{{name}}}}} for braces.")
    if one and per_study and name != "output":
        raise OptionError(
            f"{{{name}}} belongs to one volume, and the command runs once per study. Write {{inputs}}, {{input1}}, {{input2}} "
            f"or {{input_dir}}, or {remedy('run-per-volume')}"
        )
    if several and not per_study:
        raise OptionError(f"{{{name}}} belongs to a study, and the command runs once per volume. Use {{input}}.")


def filled(command: Sequence[str], values: Values, shell: bool) -> list[str]:
    """Return a command with values in the place of its placeholders: its arguments, or one line for the shell.

    Values are quoted for the shell; without a shell they are parts of single arguments, whatever characters they contain.

    Raises
    ------
    OptionError
        If a value is not available for this run, such as ``{bval}`` of a series without b-values.
    """
    if shell:
        return [_replaced(" ".join(command), values, quoted)]
    words: list[str] = []
    for word in command:
        words += map(str, values["inputs"]) if word == "{inputs}" else [_replaced(word, values, str)]
    return words


def _replaced(text: str, values: Values, as_word: Callable[[str], str]) -> str:
    def value_of(mark: re.Match[str]) -> str:
        value = values.get(mark[1])
        if value is None:
            raise OptionError(f"{{{mark[1]}}}: {_ABSENT.get(mark[1], _NUMBERED_ABSENT)}.")
        parts = [value] if isinstance(value, str) else value
        return " ".join(map(as_word, parts))

    return _MARK.sub(value_of, text).replace("{{", "{").replace("}}", "}") if "{{" in text else _MARK.sub(value_of, text)


_NUMBERED_ABSENT = (
    "not exactly one volume of this study matches each select=; with one pattern or none, the study has fewer volumes"
)
_ABSENT = dict.fromkeys(("bval", "bvec"), "the series has no b-values")
