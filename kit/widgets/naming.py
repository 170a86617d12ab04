"""What ipywidgets and JupyterLab leave out for those who use no mouse: names, groups, keys, a live region.

ipywidgets 8.1 gives a slider's handle no accessible name, has no way to make a region live, and gives the
radio buttons of one choice no common name, so that no browser lets arrow keys move between them.
JupyterLab 4 takes arrow keys for moving between cells wherever the element that has the focus does not
say `data-lm-suppress-shortcuts` itself (Lumino, CommandRegistry; saying it further up does not help).
This constant script sets the attributes where the page lets it; without it Tab and Space still choose.
"""

from __future__ import annotations

_PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
# The views of a panel come one after the other, and a radio button anew with each change: hence the observer.
# A radio's group is made up for each view, so that two views of one panel on a page do not share it.
_SCRIPT = """
const begin=tries=>{const root=this.closest('.kw-deploy');
if(!root){tries&&requestAnimationFrame(()=>begin(tries-1));return}
const set=(e,a)=>e&&Object.entries(a).forEach(([k,v])=>e.getAttribute(k)===v||e.setAttribute(k,v));
const name=()=>{
root.querySelectorAll('.widget-hslider').forEach(w=>{const t=w.querySelector('.widget-label').textContent;
w.querySelectorAll('[role=slider]').forEach(h=>set(h,{'aria-label':t}));
set(w.querySelector('.widget-readout'),{role:'textbox','aria-label':t+', as a number'})});
root.querySelectorAll('.widget-radio').forEach(w=>{const box=w.querySelector('.widget-radio-box');
set(box,{role:'radiogroup','aria-label':w.querySelector('.widget-label').textContent});
box.dataset.group=box.dataset.group||'kw'+Math.random();
box.querySelectorAll('input').forEach(e=>set(e,{name:box.dataset.group,'data-lm-suppress-shortcuts':''}))});
set(root.querySelector('.kw-live .widget-html-content'),{role:'status','aria-live':'polite'});
set(root.querySelector('.kw-progress .progress'),{'aria-hidden':'true'})};
new MutationObserver(name).observe(root,{childList:true,subtree:true});name()};
begin(600)
"""
NAMING = f"<img alt='' hidden src='{_PIXEL}' onload=\"{''.join(_SCRIPT.splitlines())}\">"
"""HTML, to be the last thing in the panel."""
