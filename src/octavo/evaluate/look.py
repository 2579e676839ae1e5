"""Look: the style of the report page, light and dark, wide and narrow; all text passes WCAG AA on its ground."""

STYLE = """
:root{color-scheme:light dark;--ground:#fbfbf9;--card:#fff;--ink:#1b1c20;--muted:#565963;--edge:#dcdcd6;
--accent:#1d5fc4;--band:#6690d2;--good:#1a7a48;--bad:#b3322a;--level:#8a5500;--track:#ececE6;--line1:#1d5fc4;--line2:#b3322a;
--line3:#1a7a48;--line4:#7a3fb0}
@media (prefers-color-scheme:dark){:root{--ground:#131418;--card:#1b1d22;--ink:#ececf0;--muted:#a9abb6;--edge:#33363e;
--accent:#86b4ff;--band:#4d72ad;--good:#63cf94;--bad:#ff938a;--level:#e6b457;--track:#2a2d34;--line1:#86b4ff;
--line2:#ff938a;--line3:#63cf94;--line4:#c9a2f2}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,"Segoe UI",Roboto,
"Noto Sans",sans-serif}
main{max-width:1080px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:21px;margin:44px 0 6px}
h3{font-size:16px;margin:0 0 10px}
p{margin:6px 0 12px;max-width:72ch}
.lead{color:var(--muted);font-size:17px}
.note,small{color:var(--muted);font-size:14px}
nav{margin:14px 0 0;display:flex;flex-wrap:wrap;gap:4px 18px;font-size:15px}
a{color:var(--accent)}
a:focus-visible,summary:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:18px 0 0}
.tile,.card{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:14px 16px}
.tile b{display:block;font-size:24px;line-height:1.25;font-variant-numeric:tabular-nums}
.tile span{color:var(--muted);font-size:14px}
.grid{display:grid;align-items:start;grid-template-columns:repeat(auto-fit,minmax(min(100%,380px),1fr));
gap:16px;margin:14px 0}
.card svg{display:block;width:100%;max-width:520px;height:auto}
table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--edge);border-radius:10px;
border-spacing:0;overflow:hidden;font-size:15px}
caption{text-align:left;color:var(--muted);font-size:14px;padding:0 0 6px}
th,td{text-align:left;padding:8px 12px;border-top:1px solid var(--edge);vertical-align:middle}
thead th{border-top:0;color:var(--muted);font-weight:600;font-size:13px}
tbody th{font-weight:600}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.bar{width:172px}
td.bar svg{display:block;width:160px;height:22px}
td.change{width:auto}
td.change small{display:block;white-space:nowrap;font-variant-numeric:tabular-nums}
h3.trial{margin:22px 0 0}
.card table{border:0}
.card th,.card td{padding-left:0}
.card th:last-child,.card td:last-child{padding-right:0}
.packed{columns:2 380px;column-gap:16px;margin:14px 0 0}
.packed .card{break-inside:avoid;margin:0 0 16px}
summary+*{margin-top:10px}
tr.group th{background:var(--ground);color:var(--muted);font-size:13px;font-weight:600}
.arrow{color:var(--muted);font-weight:400}
.verdict{font-size:13px;font-weight:600;white-space:nowrap}
.good{color:var(--good)}.bad{color:var(--bad)}.open{color:var(--muted)}
details{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:10px 16px;margin:10px 0}
summary{cursor:pointer;font-weight:600}
.wide{overflow-x:auto}
.example{border-top:1px solid var(--edge);padding:10px 0}
.example:first-of-type{border-top:0}
.example p{margin:2px 0;overflow-wrap:anywhere}
.example .question{font-weight:600}
.example .answer{white-space:pre-line}
code{font:14px/1.5 ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
svg text{fill:var(--ink);font:12px system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif}
svg .tick,svg .axis{fill:var(--muted)}
svg .value{font-variant-numeric:tabular-nums;fill:var(--muted)}
svg .grid{stroke:var(--edge);stroke-width:1}
svg .scale{stroke:var(--edge);stroke-width:2}
svg .line{fill:none;stroke-width:2;stroke-linejoin:round}
svg .line1{stroke:var(--line1)}svg .line2{stroke:var(--line2)}
svg .line3{stroke:var(--line3)}svg .line4{stroke:var(--line4)}
svg .dot.line1{fill:var(--line1)}svg .dot.line2{fill:var(--line2)}
svg .level{stroke:var(--level);stroke-width:1.5;stroke-dasharray:1 4;stroke-linecap:round}
svg rect.track{fill:var(--track)}svg rect.accent{fill:var(--accent)}svg rect.muted{fill:var(--muted)}
svg rect.good{fill:var(--good)}svg rect.bad{fill:var(--bad)}svg .band{fill:var(--band)}
svg .value-dot{fill:var(--accent);stroke:var(--card);stroke-width:1.5}
svg .baseline-tick{stroke:var(--level);stroke-width:2.5;fill:none}
@media (max-width:720px){
 main{padding:20px 14px 40px}
 h1{font-size:25px}
 table.scores thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden;white-space:nowrap}
 table.scores,table.scores tbody,table.scores tr,table.scores th,table.scores td{display:block;border:0}
 table.scores tr{border-top:1px solid var(--edge);padding:8px 0}
 table.scores th,table.scores td{padding:1px 12px;text-align:left;white-space:normal}
 table.scores td.bar{width:auto;padding:4px 8px}
 table.scores td.n,table.scores th+td.n{display:inline-block;padding-right:0}
 table.scores td[data-name]::before{content:attr(data-name) " ";color:var(--muted)}
}
@media print{body{background:#fff}details{border:0}nav{display:none}}
"""
