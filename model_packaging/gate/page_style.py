"""The page's style: one sheet for light, dark and paper; nothing is loaded from anywhere."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f6f3; --card: #ffffff; --ink: #1c1c1a; --muted: #5c5c57; --grid: #e4e3dd; --line: #dcdbd4;
  --good: #0b7a3b; --bad: #b3261e; --idle: #5c5c57;
  --good-wash: #e6f4ea; --bad-wash: #fbe9e7; --idle-wash: #efeeea;
  --series-1: #2a6fc9; --series-2: #c8571b; --series-3: #1a8a78; --series-4: #8a5cc7;
  --series-5: #a77a06; --series-6: #c13b78; --series-7: #4f7d1e; --series-8: #6b6b66;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #161615; --card: #1f1f1d; --ink: #f1f0ea; --muted: #b3b2aa; --grid: #34332f; --line: #3a3935;
    --good: #5fce8b; --bad: #ff8a80; --idle: #b3b2aa;
    --good-wash: #17301f; --bad-wash: #3b1d1a; --idle-wash: #2a2926;
    --series-1: #6ba6f2; --series-2: #f08a4b; --series-3: #4cc0ab; --series-4: #b491e8;
    --series-5: #d8ab3d; --series-6: #ec7bab; --series-7: #95c255; --series-8: #a3a29b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 40px 0 12px; }
h3 { font-size: 1rem; margin: 0 0 8px; }
p { margin: 0 0 8px; }
.muted { color: var(--muted); }
code { font: 0.85em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; gap: 16px 24px; align-items: center; justify-content: space-between; }
.badge {
  font-size: 1.25rem; font-weight: 700; padding: 10px 20px; border-radius: 999px; white-space: nowrap;
  border: 2px solid currentColor;
}
.passed { color: var(--good); } .failed { color: var(--bad); } .not_judged { color: var(--idle); }
.badge.passed { background: var(--good-wash); } .badge.failed { background: var(--bad-wash); }
.tiles {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  margin: 24px 0 0; padding: 0;
}
.tiles > div, .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px; }
.tiles dt { color: var(--muted); font-size: 0.85rem; }
.tiles dd { margin: 0; font-size: 1.5rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.tiles dd small { font-size: 0.85rem; font-weight: 400; color: var(--muted); }
.why { border-left: 4px solid var(--bad); margin-top: 24px; }
.why ul { margin: 0; padding-left: 20px; } .why li { margin: 6px 0; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 12px 16px 0; color: var(--muted); font-size: 0.88rem; }
th, td { text-align: left; padding: 9px 12px; border-bottom: 1px solid var(--grid); vertical-align: top; }
th:first-child, td:first-child { padding-left: 16px; } th:last-child, td:last-child { padding-right: 16px; }
thead th { color: var(--muted); font-weight: 600; font-size: 0.82rem; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { font-weight: 500; }
.number { text-align: right; white-space: nowrap; }
td small, th small { display: block; color: var(--muted); font-weight: 400; }
tr.failed-row { background: var(--bad-wash); }
tr.section th {
  background: var(--idle-wash); color: var(--muted); font-size: 0.8rem; font-weight: 600; padding-block: 5px;
}
.verdict { font-weight: 650; white-space: nowrap; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 16px; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px; }
figure svg { width: 100%; height: auto; display: block; }
figure svg text { font-family: inherit; }
figcaption { color: var(--muted); font-size: 0.88rem; margin-top: 8px; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 0; font-size: 0.9rem; }
.facts dt { color: var(--muted); } .facts dd { margin: 0; min-width: 0; }
.stack > * + * { margin-top: 16px; }
@media (max-width: 560px) {
  .facts { grid-template-columns: 1fr; } .facts dd { margin-bottom: 8px; } main { padding: 20px 14px; }
}
@media print {
  :root { color-scheme: light; --page: #fff; }
  body { font-size: 11px; } main { max-width: none; padding: 0; }
  figure, .tiles > div, tr, .why { break-inside: avoid; } h2 { break-after: avoid; }
  .plots { grid-template-columns: 1fr 1fr; } .scroll { overflow: visible; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
