"""titans-edge mcp: the memory as tools for editors and agents."""

from __future__ import annotations

from titans_edge import library
from titans_edge.cli import common
from titans_edge.errors import UsageError


def mcp(
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    memory: common.Memory = "default",
    gpu_layers: common.GpuLayers = None,
) -> None:
    """Serve a memory to an editor or agent over standard input and output (Model Context Protocol).

    Tools: remember, recall, forget, why. What an agent writes counts as pasted, never as your own words, unless it says
    mine=true; forgetting more than one sentence takes a second call that confirms. The memory is open only while a tool
    runs. Needs `pip install 'titans-edge[mcp]'`.

    \b
    Example, as an editor's settings have it:
      {"command": "titans-edge", "args": ["mcp", "-m", "work"]}
    """
    try:
        from titans_edge import mcp_server
    except ImportError as e:
        said = f"The memory server needs the package mcp, version 2 ({e})."
        raise UsageError(said, "Run `pip install 'titans-edge[mcp]'`.") from e
    from titans_edge.engine import Engine
    from titans_edge.mcp_tools import Tools

    library.memory_path(memory)  # a bad name is an error before anything is loaded
    mcp_server.take_stdout()
    with Engine(backbone, graft, gpu_layers=gpu_layers, on_progress=common.show_progress) as engine:
        mcp_server.serve(Tools(engine, memory))
