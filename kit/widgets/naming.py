"""Names for what ipywidgets leaves unnamed: slider handles, groups of choices, the live region.

ipywidgets 8.1 gives a slider's handle no accessible name, and has no way to make a region live.
This constant script sets the attributes where the page lets it; without it the panel works the same.
"""

from __future__ import annotations

_PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
_SCRIPT = """
const root=this.closest('.kw-deploy'),set=(e,a)=>e&&Object.entries(a).forEach(([k,v])=>e.setAttribute(k,v));
const name=()=>{
root.querySelectorAll('.widget-hslider').forEach(w=>{const t=w.querySelector('.widget-label').textContent;
w.querySelectorAll('[role=slider]').forEach(h=>set(h,{'aria-label':t}));
set(w.querySelector('.widget-readout'),{role:'textbox','aria-label':t+', as a number'})});
root.querySelectorAll('.widget-radio').forEach(w=>set(w.querySelector('.widget-radio-box'),
{role:'radiogroup','aria-label':w.querySelector('.widget-label').textContent}));
set(root.querySelector('.kw-live .widget-html-content'),{role:'status','aria-live':'polite'});
set(root.querySelector('.kw-progress .progress'),{'aria-hidden':'true'})};
name();[200,1000,3000].forEach(ms=>setTimeout(name,ms))
"""
NAMING = f"<img alt='' hidden src='{_PIXEL}' onload=\"{''.join(_SCRIPT.splitlines())}\">"
"""HTML, to be the last thing in the panel."""
