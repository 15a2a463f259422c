// The style of the page of the runbooks. It is in the page itself, and the content security policy allows it by its hash.

// No comments in it: Prometheus's html/template would remove them, so the hash would differ.
export const runbooksStyle = `
:root { color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --line: #dde1e7; --text: #1b2129; --soft: #58626f; --link: #0b57a4; --code: #eef1f5;
  --mark: #fdf3e0 }
@media (prefers-color-scheme: dark) { :root {
  --page: #0f1318; --card: #181d24; --line: #2c343e; --text: #e7eaef; --soft: #a0aab7; --link: #7cb8ff; --code: #232a33;
  --mark: #35290f } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--text); overflow-wrap: anywhere;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif }
main, footer { max-width: 860px; margin: 0 auto; padding: 0 24px }
a { color: var(--link); text-underline-offset: 3px }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px }
h1 { margin: 28px 0 12px; font-size: 28px; line-height: 1.2 }
h2 { margin: 0 0 10px; font-size: 20px; line-height: 1.3 }
h3, h4, h5, h6 { margin: 18px 0 8px; font-size: 16px }
p, ul, ol, pre, table, blockquote { margin: 0 0 10px }
section { margin: 16px 0; padding: 18px 22px 10px; background: var(--card); border: 1px solid var(--line);
  border-radius: 12px }
section:has(h2:target) { border-color: var(--link); box-shadow: 0 0 0 1px var(--link) }
h2:target { scroll-margin-top: 36px }
code { padding: 0.1em 0.35em; background: var(--code); border-radius: 5px;
  font: 0.88em/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace }
code span { display: inline-block; max-width: 100% }
pre { padding: 12px 14px; background: var(--code); border-radius: 8px; white-space: pre-wrap }
pre code { display: block; padding: 0; background: none }
table { border-collapse: collapse }
th, td { padding: 6px 10px; border: 1px solid var(--line); text-align: left; vertical-align: top }
blockquote { padding-left: 14px; border-left: 4px solid var(--line); color: var(--soft) }
details { margin: 16px 0; padding: 12px 22px; background: var(--card); border: 1px solid var(--line); border-radius: 12px }
summary { cursor: pointer; font-weight: 600 }
details ul { columns: 240px; margin: 10px 0 4px; padding: 0; list-style: none }
details li { padding: 3px 0 }
footer { padding-top: 4px; padding-bottom: 40px; color: var(--soft); font-size: 14px }
@media (max-width: 600px) {
  main, footer { padding-left: 14px; padding-right: 14px }
  section, details { padding-left: 16px; padding-right: 16px }
  h1 { font-size: 24px } h2 { font-size: 18px }
}
@media print { body { background: none } details { display: none } }
`
