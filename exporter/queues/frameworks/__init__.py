"""One module per framework; `registry` lists them."""
