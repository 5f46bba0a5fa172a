"""The report as one HTML page: input, output and every difference."""

from .report_file import check_suffix, write_report
from .summary_file import check_summary_suffix, write_summary

__all__ = ["check_suffix", "check_summary_suffix", "write_report", "write_summary"]
