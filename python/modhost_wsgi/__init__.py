"""The Python side of daemon groups: a process that runs WSGI applications for HTTP workers.

What travels between the processes is described in docs/daemon-protocol.md. Standard library only, Python 3.8 and later.
"""
