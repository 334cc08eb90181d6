"""Code 128 and QR codes as SVG."""

from __future__ import annotations

import segno

# Bars and spaces of the 107 symbols, ISO/IEC 15417: widths in modules, three bars and three spaces.
_WIDTHS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232"
    " 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122"
    " 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311"
    " 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113"
    " 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422"
    " 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111"
    " 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121"
    " 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412"
    " 211214 211232 2331112"
).split()
_START_B, _START_C, _STOP = 104, 105, 106


def code128(text: str, *, height: int = 60, module: float = 2) -> str:
    """An SVG of `text` (ASCII 32 to 126) as Code 128; pairs of digits where all are digits."""
    if text.isdigit() and len(text) % 2 == 0:
        values = [_START_C, *(int(text[i : i + 2]) for i in range(0, len(text), 2))]
    else:
        values = [_START_B, *(ord(char) - 32 for char in text)]
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    x, bars = 10.0, []
    for symbol in [*values, check, _STOP]:
        for place, width in enumerate(_WIDTHS[symbol]):
            wide = int(width) * module
            if place % 2 == 0:
                bars.append(f"<rect x='{x:g}' y='0' width='{wide:g}' height='{height}'/>")
            x += wide
    return (
        f"<svg width='{x + 10:g}' height='{height}' style='background:#fff' "
        f"shape-rendering='crispEdges'>{''.join(bars)}</svg>"
    )


def qr(text: str, *, scale: float = 3) -> str:
    """An SVG of `text` as a QR code."""
    svg: str = segno.make(text, error="m").svg_inline(scale=scale, light="#fff", border=4)
    return svg
