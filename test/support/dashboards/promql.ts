// Parses PromQL: the selectors of an expression and the functions applied to them.

import { parser } from '@prometheus-io/lezer-promql'

type Tree = ReturnType<typeof parser.parse>
type Node = Tree['topNode']

export type Matcher = { readonly label: string; readonly operator: string; readonly value: string }
export type Selector = {
  /** Empty if the name is matched by `__name__`. */
  readonly metric: string
  readonly matchers: readonly Matcher[]
  /** The functions around the selector, the innermost first. */
  readonly functions: readonly string[]
  /** As written; undefined if it is not a range vector. */
  readonly range: string | undefined
}
export type Expression = { readonly selectors: readonly Selector[] }
export type SyntaxFault = { readonly at: number; readonly near: string }

/** Placeholders for Grafana's variables, which are not valid PromQL. */
const durations: Readonly<Record<string, string>> = {
  $__range_s: '14',
  $__rate_interval: '11y11w',
  $__range: '12y12w',
  $__interval: '13y13w',
}

export function parse(expression: string): Expression | SyntaxFault {
  const text = expression.replace(
    /\$__(range_s|rate_interval|range|interval)\b/g,
    (name) => durations[name] ?? name,
  )
  const nodes = allNodes(parser.parse(text))
  const fault = nodes.find((node) => node.type.isError)
  if (fault !== undefined)
    return { at: fault.from, near: text.slice(Math.max(0, fault.from - 20), fault.from + 20) }
  const textOf = (node: Node | null) => (node === null ? '' : text.slice(node.from, node.to))
  const selectors = nodes
    .filter(({ name }) => name === 'VectorSelector')
    .map((node) => selectorOf(node, textOf))
  return { selectors }
}

export function isFault(result: Expression | SyntaxFault): result is SyntaxFault {
  return 'near' in result
}

function allNodes(tree: Tree): readonly Node[] {
  const nodes: Node[] = []
  tree.iterate({
    enter: ({ node }) => {
      nodes.push(node)
    },
  })
  return nodes
}

function selectorOf(node: Node, textOf: (node: Node | null) => string): Selector {
  const matchers = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map(
    (matcher) => ({
      label: textOf(matcher.getChild('LabelName')),
      operator: textOf(matcher.getChild('MatchOp')),
      value: textOf(matcher.getChild('StringLiteral')).slice(1, -1),
    }),
  )
  const functions: string[] = []
  for (let above = node.parent; above !== null; above = above.parent) {
    if (above.name === 'FunctionCall') functions.push(textOf(above.getChild('FunctionIdentifier')))
  }
  const matrix = node.parent?.name === 'MatrixSelector' ? node.parent : null
  return {
    metric: textOf(node.getChild('Identifier')),
    matchers,
    functions,
    range: matrix === null ? undefined : asWritten(textOf(matrix.lastChild)),
  }
}

function asWritten(duration: string): string {
  const found = Object.entries(durations).find(([, placeholder]) => placeholder === duration)
  return found?.[0] ?? duration
}
