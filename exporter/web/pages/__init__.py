"""The pages for people: what is wrong, where, since when, what it looked like before, and what to do.

Each page has a module or a package of its own with `routes(context)`: it reads what the daemon has into
frozen data, which a template shows. `context.py` has what pages read, `rendering.py` makes HTML of it, and
`routes.py` lists the pages.
"""
