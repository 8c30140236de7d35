"""The only door to llama.cpp: model, reader (text to hidden states), speaker (logits, generation).

Knows llama.cpp's handles, batches and sequences. Knows nothing of memories, grafts or torch:
numpy arrays go in and come out. Foreign errors become titans_edge.errors here and nowhere else.
"""
