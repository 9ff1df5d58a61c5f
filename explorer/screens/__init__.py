"""One file a page: widgets -> settings -> run -> views."""
