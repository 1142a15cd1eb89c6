"""Huying 呼应: a ticket workflow engine for grid governance, without HTTP or HTML."""
