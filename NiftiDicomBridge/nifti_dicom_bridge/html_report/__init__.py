"""The report as a page to look at, in one file: what went in, what came out, and what is not the same."""

from .report_file import check_suffix, write_report

__all__ = ["check_suffix", "write_report"]
