"""Which options of de-identification contradict each other, or others."""

from __future__ import annotations

from .choices import Layout, Names, Retain, Uids
from .fields import KEY_BYTES
from .key_files import ENVIRONMENT, KEYED, key_of, problem_of_key
from .options import ConversionOptions
from .rule import Rule, is_given

ONLY_DEIDENTIFIED = ("deidentify_key", "key_file", "retain", "clean", "pseudonyms", "deidentify_rules")
"""Options that change nothing unless images are de-identified."""


def _rule_of(option: str) -> Rule:
    return Rule(
        f"{option}-without-deidentify",
        (option, "deidentify"),
        lambda options: is_given(options, option) and not options.deidentify,
        f"{{{option}}} applies only to de-identified output. Use it with {{deidentify=True}}, or leave it out.",
    )


def _is_keyed_without_key(options: ConversionOptions) -> bool:
    return options.pseudonyms == KEYED and not key_of(options)


DEIDENTIFICATION_RULES: tuple[Rule, ...] = (
    *map(_rule_of, ONLY_DEIDENTIFIED),
    Rule(
        "two-keys",
        ("deidentify_key", "key_file"),
        lambda options: bool(options.deidentify_key) and options.key_file is not None,
        "{deidentify_key} and {key_file} both specify the key. Leave out one of them.",
    ),
    Rule(
        "bad-key",
        ("key_file",),
        lambda options: not _is_missing(options) and bool(problem_of_key(options)),
        f"{{key_file}} or the environment variable {ENVIRONMENT}: {{found}}. Expected at least {KEY_BYTES} bytes.",
        problem_of_key,
    ),
    Rule(
        "keyed-without-key",
        ("pseudonyms", "key_file"),
        lambda options: not _is_missing(options) and _is_keyed_without_key(options),
        f"{{pseudonyms=keyed}} needs a key. Name a file with {{key_file}}, or set the environment variable {ENVIRONMENT}.",
    ),
    Rule(
        "full-and-modified-dates",
        ("retain",),
        lambda options: {Retain.FULL_DATES, Retain.MODIFIED_DATES} <= options.retain,
        "{retain=full-dates} keeps dates, and {retain=modified-dates} changes them. Leave out one of them.",
    ),
    Rule(
        "deidentify-with-kept-uids",
        ("deidentify", "uids", "retain"),
        lambda options: options.deidentify and options.uids is Uids.KEEP,
        "{deidentify=True} replaces all UIDs, and {uids=keep} keeps them. Use {retain=uids}, or leave out one of them.",
    ),
    Rule(
        "deidentify-with-original-names",
        ("deidentify", "names"),
        lambda options: options.deidentify and options.names is Names.ORIGINAL,
        "{deidentify=True} removes the original file names, and {names=original} writes them. Leave out one of them.",
    ),
    Rule(
        "deidentify-with-reference",
        ("deidentify", "reference", "study_from"),
        lambda options: options.deidentify and bool(options.reference or options.study_from),
        "{deidentify=True} removes the patient, whom {reference} and {study_from} specify. Leave out one or the other.",
    ),
    Rule(
        "skip-existing-deidentified-without-key",
        ("skip_existing", "deidentify", "key_file"),
        lambda options: options.deidentify and options.skip_existing and _is_without_key(options),
        "{skip_existing=True} continues an earlier run, and without a key new UIDs do not match those of that run. "
        f"Name a file with {{key_file}}, or set the environment variable {ENVIRONMENT}.",
    ),
    Rule(
        "overwrite-subjects-without-key",
        ("overwrite", "layout", "key_file", "subject", "pseudonyms"),
        lambda options: _has_random_subjects(options) and options.overwrite,
        "{overwrite=True} replaces images of an earlier run, and without a key the labels of subjects differ from run to run. "
        f"Name a file with {{key_file}}, set the environment variable {ENVIRONMENT}, or use {{subject}} or {{pseudonyms}}.",
    ),
    Rule(
        "subject-with-pseudonyms",
        ("subject", "pseudonyms"),
        lambda options: bool(options.subject) and options.pseudonyms is not None,
        "{subject} and {pseudonyms} both specify the labels of subjects. Leave out one of them.",
    ),
)


def _is_without_key(options: ConversionOptions) -> bool:
    return not _is_missing(options) and not key_of(options)


def _has_random_subjects(options: ConversionOptions) -> bool:
    named = bool(options.subject) or options.pseudonyms is not None
    return options.deidentify and options.layout is Layout.BIDS and not named and _is_without_key(options)


def _is_missing(options: ConversionOptions) -> bool:
    """Whether the file with the key does not exist or is a folder, for which there are rules of their own."""
    return options.key_file is not None and (not options.key_file.exists() or options.key_file.is_dir())
