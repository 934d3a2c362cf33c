"""The web server: `/metrics`, HTTP APIs, pages, authentication."""
