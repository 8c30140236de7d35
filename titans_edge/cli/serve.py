"""titans-edge serve: the model and its memories over HTTP."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.errors import UsageError


def serve(
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    memory: common.Memory = "default",
    no_memory: common.NoMemory = False,
    host: Annotated[str, typer.Option(help="Address; another than this machine's own only with keys.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port.")] = 8484,
    api_key: Annotated[
        list[str] | None,
        typer.Option(help="KEY=MEMORY or KEY=ONE,TWO: a key and its memories, the first its default. May be repeated."),
    ] = None,
    api_keys: Annotated[
        Path | None, typer.Option(help='A TOML file of keys: a line \\[keys], and lines "KEY" = ["MEMORY"].')
    ] = None,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="A name in Host headers besides this machine's own. May be repeated.")
    ] = None,
    context: common.Context = 8192,
    gpu_layers: common.GpuLayers = None,
    temperature: common.Temperature = 0.0,
    top_p: common.TopP = 1.0,
    top_k: common.TopK = 0,
    min_p: common.MinP = 0.0,
    repeat_penalty: common.RepeatPenalty = 1.1,
    seed: common.Seed = None,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest reply where a request names none.")] = 512,
    stop: common.Stop = None,
    recall: common.Recall = 4,
    rows: common.Rows = True,
    route: common.Route = "text",
    guard: common.Guard = True,
    waiting: Annotated[int, typer.Option(min=1, help="Requests of one key that may wait.")] = 8,
    queue_timeout: Annotated[float, typer.Option(min=1, help="Seconds a request may wait for its turn.")] = 120,
    reply_timeout: Annotated[float, typer.Option(min=1, help="Seconds one reply may take.")] = 600,
    max_body: Annotated[int, typer.Option(min=1024, help="Bytes of one request.")] = 2 * 1024 * 1024,
) -> None:
    """Serve the model and its memories over HTTP, as OpenAI's clients expect it. Stop it with Ctrl-C.

    How replies are sampled is for each request to say; the options count where it does not.
    Without keys only this machine reaches it, and everybody on it is trusted. TITANS_EDGE_API_KEYS="KEY=MEMORY …" in
    the environment keeps keys out of the list of processes.

    \b
    Examples:
      titans-edge serve
      titans-edge serve --port 9000 --memory work
      titans-edge serve --host 0.0.0.0 --api-key "$KEY=work,home"
    """
    _have_the_extra()
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.server.settings import Settings, keys

    settings = Settings(
        host=host, port=port, keys=tuple(keys(api_key or [], api_keys)), memory="none" if no_memory else memory,
        allowed_hosts=tuple(allowed_host or ()), max_body=max_body, waiting=waiting, queue_seconds=queue_timeout,
        reply_seconds=reply_timeout,
        sampling=Sampling(temperature, top_p, top_k, min_p, repeat_penalty, seed, max_tokens, tuple(stop or ())),
    )  # fmt: skip
    _run(
        settings, backbone, graft, with_memory=not no_memory, gpu_layers=gpu_layers, guard=guard, recall=recall,
        rows=rows, route=route, context=context,
    )  # fmt: skip


def _have_the_extra() -> None:
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as e:
        raise UsageError("The server's packages are not installed.", "Run `pip install 'titans-edge[server]'`.") from e


def _run(
    settings: object, backbone: str, graft: str | None, *, with_memory: bool, gpu_layers: int | None, guard: bool,
    recall: int, rows: bool, route: str, context: int,
) -> None:  # fmt: skip
    from titans_edge.engine import Engine
    from titans_edge.server import app, run
    from titans_edge.server.settings import Settings

    assert isinstance(settings, Settings)
    name = backbone if backbone in library.catalogue() else Path(backbone).stem
    listening = run.listen(settings)
    with (
        listening,
        Engine(
            backbone, graft, with_memory=with_memory, gpu_layers=gpu_layers, on_progress=common.show_progress
        ) as engine,
    ):
        made = app.make(
            engine, settings, model=name, guard=guard, mode=common.mode(recall, rows), k=recall, context=context,
            route=route,
        )  # fmt: skip
        where = f"[{settings.host}]" if ":" in settings.host else settings.host
        port = listening.getsockname()[1]
        at = f"http://{where}:{port}"
        print(f"Titans Edge answers at {at}/v1 · a page at {at}/ · Ctrl-C stops it", file=sys.stderr, flush=True)
        run.serve(made, settings, listening)
