"""The report as one HTML page: input, output and every difference."""

from .report_file import check_suffix, write_report

__all__ = ["check_suffix", "write_report"]
