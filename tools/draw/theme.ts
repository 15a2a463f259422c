// The colours and styles of the drawings, light and dark.

export type Theme = 'light' | 'dark'

/** Replacements for Grafana's named colours. The values differ from Grafana's. */
const palette: Readonly<Record<string, string>> = {
  green: '#3a9d5d',
  red: '#d3404a',
  orange: '#e07b1f',
  yellow: '#c99a06',
  blue: '#3d7fd0',
  purple: '#8d66c4',
}

export const lineColours = [
  '#3d7fd0',
  '#e07b1f',
  '#3a9d5d',
  '#d3404a',
  '#8d66c4',
  '#1b9aaa',
  '#c99a06',
  '#b5568f',
  '#6b7a8f',
  '#7a5c3e',
]

export function colourOf(name: string | undefined): string {
  return palette[name ?? ''] ?? 'var(--text)'
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

export const style = `
:root { --page: #f4f5f7; --panel: #ffffff; --line: #dcdfe4; --grid: #e9ebef; --text: #22262b; --faint:
  #66707c; }
:root[data-theme=dark] { --page: #111317; --panel: #191c21; --line: #2a2f36; --grid: #262a31; --text:
  #d5d9df; --faint: #8b949f; }
* { box-sizing: border-box; }
body { margin: 0; padding: 12px; background: var(--page); color: var(--text); font: 13px/1.4 'DejaVu Sans',
  sans-serif; }
header { display: flex; flex-wrap: wrap; gap: 4px 18px; align-items: baseline; margin-bottom: 10px; }
h1 { font-size: 18px; margin: 0; } header span { color: var(--faint); }
.note { flex-basis: 100%; }
main { display: grid; grid-template-columns: repeat(24, 1fr); grid-auto-rows: 30px; gap: 8px; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: 3px; overflow: hidden;
  display: flex; flex-direction: column; min-width: 0; }
h2 { font-size: 13px; font-weight: 600; margin: 0; padding: 6px 10px; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; flex: none; }
section > div { flex: 1; min-height: 0; position: relative; overflow: hidden; }
.stat { display: flex; align-items: center; justify-content: center; color: #fff; font-size: 30px;
  font-weight: 600; text-align: center; line-height: 1.1; padding: 4px; }
.stat.long { font-size: 20px; }
.none { display: flex; align-items: center; justify-content: center; color: var(--faint); text-align:
  center; padding: 10px 24px; }
table { width: 100%; border-collapse: collapse; font-size: 12px; }
th { text-align: left; color: #3d7fd0; font-weight: 600; } th, td { padding: 5px 10px; border-bottom: 1px
  solid var(--line); white-space: nowrap; }
td.filled { color: #fff; font-weight: 600; } td.number, th.number { text-align: right; }
svg { display: block; width: 100%; } svg text { fill: var(--faint); font-size: 11px; }
.legend { display: flex; flex-wrap: wrap; gap: 0 14px; padding: 0 10px; font-size: 11px; height: 32px;
  overflow: hidden; align-content: flex-start; }
.legend i { display: inline-block; width: 12px; height: 3px; margin-right: 5px; vertical-align: middle; }
.legend b { font-weight: 400; color: var(--faint); }
.bar { display: grid; grid-template-columns: 90px 1fr 40px; align-items: center; gap: 8px; padding: 0 10px;
  height: 12.5%; }
.bar i { display: block; height: 60%; background: #3d7fd0; border-radius: 2px; }
@media (max-width: 700px) { main { display: block; } section { margin-bottom: 8px; } .scroll { overflow-x:
  auto; } }
`
