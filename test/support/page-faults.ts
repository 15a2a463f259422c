// What is wrong with a page that is open in a browser: its layout, and its accessibility.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

/** Elements that reach out of the window, except those for screen readers only. */
export function overflowing(page: Page): Promise<readonly string[]> {
  return page.evaluate(`(() => {
    const width = document.documentElement.clientWidth
    const scrolls = document.documentElement.scrollWidth > width ? ['the page'] : []
    const isHidden = (element) => getComputedStyle(element).clipPath !== 'none'
    const wide = [...document.querySelectorAll('body *')].filter((element) => {
      const { left, right } = element.getBoundingClientRect()
      return (right > width + 0.5 || left < -0.5) && !(element.closest('thead') && isHidden(element.closest('thead')))
    })
    return [...scrolls, ...wide.map((element) => element.tagName + '.' + element.getAttribute('class'))]
  })()`)
}

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The violations that axe-core finds of WCAG 2.2 A and AA and its best practices. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  return page.evaluate(`axe.run(document).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 200)))`)
}
