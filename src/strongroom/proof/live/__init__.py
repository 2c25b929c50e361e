"""Live checks: what is wrong with the state of AWS itself, beside the chains of single resources.

One module, or one .sql file, a check; each begins with the same headings as the checks of a strategy. `catalogue.LIVE` lists them.
"""
