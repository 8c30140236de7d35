"""Documents: files that are read into a memory, and kept as they are there.

`plain` and `formats` know bytes, `files` the file system, `reading` a session and its memory, `watching` the clock.
Nothing heavy is imported before it is used.
"""

from titans_edge.documents.plain import MAX_DOCUMENT_BYTES as MAX_DOCUMENT_BYTES
from titans_edge.documents.plain import decode as decode
from titans_edge.documents.plain import read_document as read_document
