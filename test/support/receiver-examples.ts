// Extracts the receivers that deploy/alertmanager/alertmanager.yml contains as comments.

export type Example = {
  /** The name of the receiver that contains it. */
  readonly receiver: string
  /** `email_configs` or `webhook_configs`. */
  readonly kind: string
  /** The comment line before it. */
  readonly about: string
  /** The whole file with only this example uncommented. */
  readonly file: string
}

const commented = /^ {4}# /

/** Returns all examples, in the order of the file. */
export function examplesIn(file: string): readonly Example[] {
  const lines = file.split('\n')
  return lines.flatMap((line, first) => {
    const kind = /^ {4}# (\w+_configs):$/.exec(line)?.[1]
    if (kind === undefined) return []
    const after = lines.slice(first + 1).findIndex((following) => !/^ {4}# {3}/.test(following))
    const end = first + 1 + after
    const changed = lines.map((text, index) =>
      index >= first && index < end ? text.replace(commented, '    ') : text,
    )
    const before = lines.slice(0, first)
    const receiver = before.findLast((text) => /^ {2}- name: /.test(text))?.replace(/^ {2}- name: /, '') ?? ''
    const about = before.at(-1)?.replace(commented, '').replace(/[.:]$/, '') ?? ''
    return [{ receiver, kind, about, file: changed.join('\n') }]
  })
}
