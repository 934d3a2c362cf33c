"""The documentation as a site: hooks of MkDocs, which mkdocs.yml names."""
