"""
The door that is a browser: a preview that follows every save, and the archive. On this machine only.

Starlette and uvicorn serve, watchfiles watches; they come with the extra `web`, and nothing else imports them.
"""
