"""The shell: command line, app factory, embedded servers, demo."""
