"""QR codes as paths of SVG, which any page can draw without an image or a script."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=256)  # ten milliseconds each
def qr_path(text: str) -> dict[str, object]:
    """A QR code of `text` as one SVG path: {"d", "size"} in modules, with a quiet zone of two around it."""
    import segno

    rows = [bytes(row) for row in segno.make(text, error="m").matrix]
    runs = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            width = 0
            while x + width < len(row) and row[x + width]:
                width += 1
            if width:
                runs.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width + 1
    return {"d": "".join(runs), "box": f"-2 -2 {len(rows) + 4} {len(rows) + 4}", "side": len(rows) + 4}
