// JSON for scripts, made of fields that are declared once with their meaning. Pure.

export type Field<T> = { readonly doc: string; readonly value: (from: T) => unknown }
type Fields<T> = Readonly<Record<string, Field<T>>>

/** The JSON with a line end. */
export function jsonOf<T>(fields: Fields<T>, from: T): string {
  return `${JSON.stringify(objectOf(fields, from), undefined, 2)}\n`
}

/** Every field is always present; what is unknown is null. */
export function objectOf<T>(fields: Fields<T>, from: T): object {
  return Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value(from) ?? null]))
}

type Documented = { readonly name: string; readonly doc: string }
type Docs = Readonly<Record<string, { readonly doc: string }>>

/** Every field with its meaning, in the order of the JSON; those of a source as `sources[].name`. */
export function documented(whole: Docs, ofSource: Docs): readonly Documented[] {
  const entries = (fields: Docs, prefix: string) =>
    Object.entries(fields).map(([name, { doc }]) => ({ name: `${prefix}${name}`, doc }))
  return [...entries(whole, ''), ...entries(ofSource, 'sources[].')]
}
