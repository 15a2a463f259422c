// What to do about a push that was refused.

import { importPath, type PushTarget } from './target.ts'

type LoginKind = 'none' | 'basic' | 'bearer'
type Pushed = { readonly target: PushTarget; readonly credentials: { readonly kind: LoginKind } }
/** `status` is undefined where no answer came. */
type Refusal = { readonly status: number | undefined; readonly reason: string }

const importUrls =
  `expected a pushgateway_url such as http://victoria-metrics:8428${importPath}, or for a cluster ` +
  `http://vminsert:8480/insert/0/prometheus${importPath}`

/** A text to append to the reason; empty where the answer itself says enough. */
export function adviceOnRefusal(pushed: Pushed, refusal: Refusal): string {
  const advice = adviceFor(pushed, refusal)
  return advice === undefined ? '' : ` (${advice})`
}

function adviceFor({ target, credentials }: Pushed, { status, reason }: Refusal): string | undefined {
  // VictoriaMetrics and vmauth answer 400 to a path that they do not have (lib/httpserver, app/vmauth).
  const isWrongPath = status === 404 || (status === 400 && /unsupported path|missing route/.test(reason))
  switch (target.kind) {
    case 'pushgateway':
      return status === 400 && isWrongPath
        ? `no Pushgateway answers so; for VictoriaMetrics ${importUrls}`
        : undefined
    case 'prometheus-import':
      if (isWrongPath) return importUrls
      return status === 401 || status === 403 ? loginAdvice(credentials.kind) : undefined
  }
}

function loginAdvice(kind: LoginKind): string {
  switch (kind) {
    case 'none':
      return 'the store expects a login, found none: set pushgateway_username and pushgateway_password_file, or pushgateway_bearer_token_file'
    case 'basic':
      return 'the store expects another user name or password: correct pushgateway_username and pushgateway_password_file'
    case 'bearer':
      return 'the store expects another login than the token of pushgateway_bearer_token_file: correct it'
  }
}
