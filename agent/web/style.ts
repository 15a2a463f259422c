// The style of the status page. It is in the page itself, and the content security policy allows it by its hash.

export const style = `
:root { color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --line: #dde1e7; --text: #1b2129; --soft: #58626f; --bar: #8fa3bd;
  --bad: #b3261e; --late: #8a5300; --new: #0b57a4; --good: #1a6e36;
  --bad-tint: #fdeceb; --late-tint: #fdf3e0; --new-tint: #e8f1fb; --good-tint: #e8f5ec }
@media (prefers-color-scheme: dark) { :root {
  --page: #0f1318; --card: #181d24; --line: #2c343e; --text: #e7eaef; --soft: #a0aab7; --bar: #5d7391;
  --bad: #ff8b82; --late: #eab54e; --new: #7cb8ff; --good: #5fce80;
  --bad-tint: #3a1d1c; --late-tint: #35290f; --new-tint: #14283f; --good-tint: #15301e } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif }
main, footer { max-width: 1240px; margin: 0 auto; padding: 0 24px }
a { color: inherit; text-underline-offset: 3px }
a:focus-visible { outline: 2px solid var(--new); outline-offset: 2px; border-radius: 2px }
.failing { --tone: var(--bad); --tint: var(--bad-tint) }
.overdue { --tone: var(--late); --tint: var(--late-tint) }
.waiting { --tone: var(--new); --tint: var(--new-tint) }
.fine { --tone: var(--good); --tint: var(--good-tint) }

.top { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 24px;
  padding: 20px 0 14px; color: var(--soft) }
.top p { margin: 0 }
.top strong { color: var(--text); font-weight: 600; overflow-wrap: anywhere }
.summary { display: flex; flex-wrap: wrap; align-items: center; gap: 14px 18px; padding: 20px 24px;
  background: var(--tint); border: 1px solid var(--tone); border-radius: 12px }
.icon circle { fill: var(--tone) }
.icon path { fill: none; stroke: var(--tint); stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round }
.state .icon path { stroke: var(--card) }
.summary > svg { width: 44px; height: 44px; flex: none; color: var(--tone) }
.summary h1 { margin: 0; flex: 1 1 8em; font-size: 26px; line-height: 1.2; letter-spacing: -0.01em; text-wrap: balance }
.counts { display: flex; flex-wrap: wrap; gap: 8px; margin: 0; padding: 0; list-style: none }
.counts li { padding: 3px 12px; border-radius: 99px; background: var(--card); border: 1px solid var(--line) }
.counts b { color: var(--tone); font-variant-numeric: tabular-nums }
.faults { margin: 14px 0 0; padding: 0; list-style: none }
.faults li { margin-top: 8px; padding: 10px 16px; border-radius: 8px; background: var(--late-tint);
  border-left: 4px solid var(--late); overflow-wrap: anywhere }

h2 { margin: 30px 0 10px; font-size: 17px }
h2 small { margin-left: 6px; font-size: 14px; font-weight: 400; color: var(--soft) }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px }
table { width: 100%; border-collapse: separate; border-spacing: 0 }
th { padding: 10px 12px; font-size: 13px; font-weight: 500; color: var(--soft); text-align: left; white-space: nowrap;
  border-bottom: 1px solid var(--line) }
td { padding: 11px 12px; vertical-align: top; border-bottom: 1px solid var(--line) }
tr:last-child td { border-bottom: 0 }
th:first-child, td:first-child { padding-left: 20px }
th:last-child, td:last-child { padding-right: 20px }
.figure { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.state { white-space: nowrap; color: var(--tone); font-weight: 600 }
.state svg { width: 17px; height: 17px; margin-right: 7px; vertical-align: -3px }
.source { width: 34%; overflow-wrap: anywhere }
.source b { font-weight: 600 }
.source small, .chart-cell small { display: block; color: var(--soft); font-size: 13px }
.source .problem { color: var(--tone); font-size: 14px }
.source .note { color: var(--late); font-size: 14px }
.source .running { color: var(--new); font-size: 14px }
.running::before { content: ""; display: inline-block; width: 8px; height: 8px; margin-right: 7px; border-radius: 50%;
  background: currentColor }
.chart-cell { width: 202px; text-align: right }
.chart { display: block; width: 178px; height: 36px; margin-left: auto }
.chart .base { stroke: var(--line) }
.chart .success { fill: var(--bar) }
.chart .success:hover { fill: var(--text) }
.chart .failed rect, .chart .incomplete rect { fill-opacity: 0.3 }
.chart .failed rect { fill: var(--bad) }
.chart .incomplete rect { fill: var(--late) }
.chart .failed path, .chart .incomplete path { fill: none; stroke-width: 1.5; stroke-linecap: round }
.chart .failed path { stroke: var(--bad) }
.chart .incomplete path { stroke: var(--late) }
.label { display: none }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 16px 24px; margin: 0;
  padding: 18px 20px }
.facts dt { color: var(--soft); font-size: 13px }
.facts dd { margin: 0; font-size: 18px; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
.empty { padding: 28px 24px; overflow-wrap: anywhere }
.empty p { margin: 0 0 8px }
code { font: 0.92em ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere }
footer { padding-top: 22px; padding-bottom: 40px; color: var(--soft); font-size: 14px }

@media (max-width: 600px) {
  main, footer { padding-left: 14px; padding-right: 14px }
  .summary { padding: 18px } .summary h1 { font-size: 22px }
}
@media (max-width: 1080px) {
  .card.sources { background: none; border: 0 }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  table, td { display: block; width: auto }
  tbody { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); gap: 10px }
  tbody tr { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 10px 12px; align-content: start;
    padding: 14px 16px;
    background: var(--card); border: 1px solid var(--line); border-radius: 12px }
  td, td:first-child, td:last-child { padding: 0; border: 0 }
  .source, .chart-cell, .state { grid-column: 1 / -1; width: auto }
  .source { order: -2 } .state { order: -3 }
  .figure { text-align: left; white-space: normal }
  .chart-cell { text-align: left }
  .chart { width: 100%; max-width: 400px; height: auto; margin-left: 0 }
  .label { display: block; color: var(--soft); font-size: 12px }
}
@media (prefers-reduced-motion: no-preference) {
  .running::before { animation: pulse 2s ease-in-out infinite }
  @keyframes pulse { 50% { opacity: 0.35 } }
}
@media print { body { background: none } }
`
