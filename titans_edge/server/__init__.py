"""An HTTP server over an `Engine`: OpenAI's chat and embeddings, and the memories behind them.

Needs the extra `server` (starlette, uvicorn); nothing else of the program does. `app.make` builds the application,
`run.serve` runs it. Reading order: settings, access, wire, telling, lane, desk, then the routes.
"""
