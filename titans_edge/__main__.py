from titans_edge.cli.main import run

run()
