"""Draws with known probabilities that anyone can check (docs/draw-protocol.md).

From outside: `frame` (who may be drawn) and `allocation` (with what probability), `steps`, `results` and `fieldwork`
(a draw as a folder of files), `folder` (how far it has come), `estimators` and `surveys` (what its results tell of
the frame). Inside: `encoding`, `merkle`, `rows` (the bytes), `draw` (sealing, tickets, selection), `inclusion` (exact
probabilities), `inspectors` (who visits whom), `ceremony`, `keys` and `files`.
"""
