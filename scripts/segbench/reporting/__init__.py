"""The report: learning curves, overlays and one offline page."""
