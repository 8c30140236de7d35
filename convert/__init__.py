"""From a checkpoint to a verified edge bundle: backbone GGUF, bound graft, report. Installed as `titans_edge.convert`.

Floors, each using lower ones only: architectures → source, tokenizer → writer, choice, graft, torch_folder →
verify → bundle.
llama.cpp is reached through `titans_edge.backbone` alone.
"""
