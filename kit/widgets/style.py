"""How drawings look: a style sheet and patterns, in JupyterLab's colours, with fallbacks for other places.

Nothing is told by colour alone: each outcome and each kind of window has a pattern of its own.
"""

from __future__ import annotations

import re

from kit.widgets.axis import SPACES

COLOURS = """
--kw-text:var(--jp-ui-font-color1,var(--vscode-foreground,#1f2328));
--kw-soft:var(--jp-ui-font-color2,var(--vscode-descriptionForeground,#57606a));
--kw-paper:var(--jp-layout-color0,var(--vscode-editor-background,#fff));
--kw-line:var(--jp-border-color1,#8c959f);
--kw-new:var(--jp-brand-color1,#1f6feb);
--kw-bad:var(--jp-error-color1,#cf222e);
font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;color:var(--kw-text)
""".replace("\n", "")
"""Declarations for whatever holds a drawing: the theme's colours and letters."""
_DRAWING = (
    f".kw-panel,.kw-drawing{{{COLOURS}}}"
    """
.kw-drawing{display:block;width:100%;overflow:hidden}
.kw-drawing text{font-size:12px;fill:var(--kw-text);
paint-order:stroke;stroke:var(--kw-paper);stroke-width:3px;
stroke-linejoin:round}
.kw-drawing .kw-name{font-weight:700}
.kw-drawing .kw-note{fill:var(--kw-soft);font-weight:400}
.kw-drawing .kw-bold{font-weight:700}
.kw-drawing .kw-inside text{stroke:none}
.kw-drawing .kw-old{fill:var(--kw-text);fill-opacity:.08;stroke:var(--kw-line)}
.kw-drawing .kw-fresh{fill:var(--kw-new);fill-opacity:.22;stroke:var(--kw-new);stroke-width:2}
.kw-drawing .kw-plan{stroke-dasharray:4 3;fill-opacity:.05}
.kw-drawing .kw-unknown{fill:none;stroke:var(--kw-line);stroke-dasharray:2 4}
.kw-drawing .kw-shade{fill:var(--kw-bad);fill-opacity:.1}
.kw-drawing .kw-edge{stroke:var(--kw-bad);stroke-width:1.5}
.kw-drawing .kw-foreseen{fill:var(--kw-text);fill-opacity:.04}
.kw-drawing .kw-dashed{stroke:var(--kw-text);stroke-dasharray:5 3;fill:none}
.kw-drawing .kw-mark{stroke:var(--kw-text);stroke-dasharray:2 3}
.kw-drawing .kw-axis{stroke:var(--kw-line)}
.kw-drawing .kw-hand{stroke:var(--kw-text);stroke-width:2}
.kw-drawing .kw-ok,.kw-panel .kw-ok{fill:var(--kw-new);fill-opacity:.6}
.kw-drawing .kw-lost,.kw-drawing .kw-failed{stroke:var(--kw-bad)}
.kw-drawing .kw-blocked{stroke:var(--kw-text)}
.kw-fit{display:none}
.kw-fit.L{display:inline}
@container (max-width:LARGEpx){.kw-fit.L{display:none}.kw-fit.M{display:inline}}
@container (max-width:MEDIUMpx){.kw-fit.L,.kw-fit.M{display:none}.kw-fit.S{display:inline}}
"""
)
_PANEL = """
.kw-panel{container-type:inline-size;line-height:1.4;margin:0;padding:2px 0}
.kw-panel p{margin:0 0 4px;min-height:1.4em}
.kw-panel .kw-head strong{font-size:17px;margin-right:8px}
.kw-panel .kw-soft{color:var(--kw-soft)}
.kw-panel .kw-error{min-height:2.8em}
.kw-panel .kw-error .kw-soft{display:block}
.kw-panel code{font-family:var(--jp-code-font-family,monospace);font-size:12px;background:none;
color:inherit;padding:0;overflow-wrap:anywhere}
.kw-panel .kw-state{font-weight:700;border:1px solid var(--kw-line);border-radius:3px;padding:0 4px}
.kw-panel .kw-tables{display:flex;flex-wrap:wrap;gap:4px 32px;margin-top:4px;align-items:flex-start}
.kw-panel table{border-collapse:collapse;margin:0;font-size:13px;border:0;table-layout:auto}
.kw-panel caption{text-align:left;font-weight:700;padding:4px 0;color:var(--kw-text);caption-side:top}
.kw-panel thead{border-bottom:1px solid var(--kw-line)}
.kw-panel th,.kw-panel td{padding:2px 12px 2px 0;text-align:right;font-variant-numeric:tabular-nums;border:0;
background:none;white-space:nowrap;vertical-align:top;color:var(--kw-text);max-width:none}
.kw-panel thead th{color:var(--kw-soft);font-weight:400}
.kw-panel.kw-judged td{white-space:normal}
.kw-panel tbody tr,.kw-panel tbody tr:hover{background:none}
.kw-panel th:first-child,.kw-judged td,.kw-judged thead th{text-align:left;font-weight:400}
.kw-panel .kw-words,.kw-panel thead .kw-words{text-align:left;white-space:normal;color:var(--kw-soft)}
.kw-panel th svg{display:inline-block;width:14px;vertical-align:-2px;
margin-right:6px}
@container (max-width:LARGEpx){.kw-panel .kw-head{min-height:3.4em}}
@container (max-width:MEDIUMpx){.kw-panel .kw-words{display:none}.kw-panel table{font-size:12px}
.kw-panel .kw-head{min-height:5em}.kw-panel .kw-error{min-height:5.6em}
.kw-panel .kw-tables th:first-child{min-width:72px}
.kw-panel th,.kw-panel thead th:first-child{white-space:normal}
.kw-panel th,.kw-panel td{padding-right:8px}}
@media (prefers-reduced-motion:reduce){.kw-panel *{animation:none!important;transition:none!important}}
"""
_CONTROLS = """
.kw-deploy{container-type:inline-size}
.kw-deploy .widget-inline-hbox .widget-label{text-align:left;padding-left:0}
.kw-deploy .widget-html-content{line-height:1.4}
.kw-deploy .kw-live .widget-html-content{min-height:1.4em}
.kw-deploy .jupyter-button{width:auto;min-width:126px}
.kw-deploy .jupyter-button.mod-primary{background:#1565c0;color:#fff}
.kw-deploy .progress-bar{background:#1565c0}
.kw-deploy .jupyter-button:focus-visible,.kw-deploy input:focus-visible,.kw-deploy .noUi-handle:focus-visible{
outline:2px solid var(--jp-ui-font-color1,#1f2328);outline-offset:2px}
@container (max-width:MEDIUMpx){
.kw-deploy .widget-hslider,.kw-deploy .widget-text{flex-wrap:wrap;height:auto;width:auto!important}
.kw-deploy .kw-live .widget-html-content{min-height:4.2em}
.kw-deploy .widget-hslider .widget-label,.kw-deploy .widget-text .widget-label{width:100%!important}}
@media (prefers-reduced-motion:reduce){.kw-deploy *{animation:none!important;transition:none!important}}
"""


def _pack(sheet: str) -> str:
    """Return a style sheet on one line, with the widths at which a space is a larger one."""
    return re.sub(
        r"\n", "", sheet.replace("LARGE", str(SPACES["L"] - 1)).replace("MEDIUM", str(SPACES["M"] - 1))
    )


DRAWING, CONTROLS = _pack(_DRAWING), _pack(_CONTROLS)
SHEET = DRAWING + _pack(_PANEL)
"""The style sheets of a drawing alone, of a drawing with its words and tables, and of the widgets around it,
on one line each."""

_LINES = {
    # A window, measured: dense lines that rise; predicted: sparse ones that fall.
    "window": (8, "M-2 10L10 -2M-2 2L2 -2M6 10L10 6", "--kw-bad", ".35"),
    "foreseen": (12, "M-2 -2L14 14M-2 10L2 14M10 -2L14 2", "--kw-text", ".3"),
    "build": (6, "M0 0V6", "--kw-new", ".8"),
    "lost": (6, "M-2 8L8 -2M-2 2L2 -2M4 8L8 4", "--kw-bad", "1"),
    "failed": (4, "M0 0H4M0 0V4", "--kw-paper", ".9"),
    "blocked": (4, "M0 2H4", "--kw-text", "1"),
}
_GROUNDS = {"lost": ("--kw-bad", ".12"), "failed": ("--kw-bad", "1"), "blocked": ("--kw-text", ".06")}


def patterns(ident: str) -> str:
    """Return the patterns as SVG, with ids of their own.

    Args:
        ident: letters and digits, other ones for each drawing of a page.
    """
    drawn = []
    for name, (size, path, colour, opacity) in _LINES.items():
        box, ground = f"width='{size}' height='{size}'", ""
        if name in _GROUNDS:
            fill, share = _GROUNDS[name]
            ground = f"<rect {box} style='fill:var({fill});fill-opacity:{share}'/>"
        lines = f"stroke:var({colour});stroke-opacity:{opacity};stroke-width:1.3;fill:none"
        drawn.append(
            f"<pattern id='{ident}-{name}' {box} patternUnits='userSpaceOnUse'>{ground}"
            f"<path d='{path}' style='{lines}'/></pattern>"
        )
    return f"<defs>{''.join(drawn)}</defs>"
