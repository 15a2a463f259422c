// A real Kubernetes API server, with prometheus-operator's CRDs and its webhook, takes what kustomize builds from
// deploy/kubernetes without a warning, and refuses or warns of mistakes. No pod runs here: that needs a kubelet.

import assert from 'node:assert/strict'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { startCluster } from '../support/kubernetes/cluster.ts'
import { type Answer, build, kubectl, type Manifest, manifestsOf } from '../support/kubernetes/kubectl.ts'
import { installOperator } from '../support/kubernetes/operator.ts'
import { templateOf } from '../support/kubernetes/pods.ts'
import { projectFolder } from '../support/tools.ts'
import { packageVersion } from '../support/version-line.ts'

const server = 'deploy/kubernetes/overlays/server'
const cronJob = 'deploy/kubernetes/overlays/cronjob'

test('a real API server', async (context) => {
  const cluster = await startCluster(context)
  await installOperator(context, cluster)
  const run = (...parameters: readonly string[]) => kubectl(cluster, parameters)
  const apply = (...parameters: readonly string[]) => run('apply', '--server-side', ...parameters)
  /** Applies objects for the check alone: nothing is stored. */
  const check = (input: string | readonly Manifest[]) =>
    kubectl(cluster, ['apply', '--server-side', '--dry-run=server', '-f', '-'], input)
  const read = async (...parameters: readonly string[]) => {
    const { output, errors } = await run('get', '--namespace=kopia', '--output=json', ...parameters)
    assert.equal(errors, '')
    return JSON.parse(output)
  }

  for (const overlay of [server, cronJob]) {
    await context.test(
      `takes ${overlay} without a warning, and finds nothing to change the second time`,
      async () => {
        assertTaken(await apply('-k', overlay))
        const kinds = 'deployments,cronjobs,prometheusrules,servicemonitors,networkpolicies,configmaps'
        const first = generationsOf(await read(kinds))
        assert.ok(first.length >= 10)
        assertTaken(await apply('-k', overlay))
        assert.deepEqual(generationsOf(await read(kinds)), first)
      },
    )

    await context.test(`kustomize builds ${overlay} as kubectl does`, async () => {
      assert.equal(await build(overlay), (await run('kustomize', overlay)).output)
    })

    await context.test(`lets the pods of ${overlay} into the namespace, which is "restricted"`, async () => {
      const pods = podsOf(await build(overlay))
      assert.equal(pods.length, 2)
      assertTaken(await check(pods))
    })
  }

  await context.test('takes the Job that creates the repository', async () => {
    const text = await readFile(join(projectFolder, 'deploy/kubernetes/create-repository.yaml'), 'utf8')
    assertTaken(await check(text))
    assertTaken(await check(podsOf(text)))
  })

  for (const overlay of [server, cronJob]) {
    await context.test(`takes ${overlay} with a bucket in place of the volume`, async () => {
      const text = await build(await withBucket(cluster.folder, overlay))
      assert.doesNotMatch(text, /mountPath: \/repository|claimName: kopia-repository/)
      assertTaken(await check(text))
      const [pod] = podsOf(text).filter(({ spec }) => spec.initContainers !== undefined)
      assert.deepEqual(
        pod?.spec.initContainers?.map(({ name }) => name),
        ['folders', 'kopia-metrics-agent', 'connect'],
      )
    })
  }

  await context.test("takes the kustomization of README.md, with the reader's values", async () => {
    const text = await build(await asInReadme(cluster.folder))
    assertTaken(await check(text))
    const own = [
      new RegExp(`image: registry\\.example\\.com/kopia-metrics-agent:${packageVersion}$`, 'm'),
      /release: kube-prometheus-stack/,
      /kubernetes\.io\/metadata\.name: monitoring/,
      /claimName: data/,
      /schedule: 15 2 \* \* \*/,
    ]
    for (const value of own) assert.match(text, value)
    assert.doesNotMatch(text, /image: kopia-metrics-agent/)
  })

  await context.test('stores all rules as they stand in rules/', async () => {
    const stored = await read('prometheusrule/kopia-alerts')
    const rules = await readFile(join(projectFolder, 'rules/kopia_alerts.yml'), 'utf8')
    assert.deepEqual(stored.spec.groups, parse(rules).groups)
  })

  await context.test('stores both dashboards with the label that Grafana looks for', async () => {
    const { items } = await read('configmaps', '--selector=grafana_dashboard=1')
    const stored: Record<string, string> = Object.assign(
      {},
      ...items.map(({ data }: { data: unknown }) => data),
    )
    assert.deepEqual(Object.keys(stored).sort(), ['backup-overview.json', 'system-resources.json'])
    for (const [name, text] of Object.entries(stored)) {
      assert.equal(text, await readFile(join(projectFolder, 'dashboards', name), 'utf8'))
    }
  })

  const good = new Map([
    [server, await build(server)],
    [cronJob, await build(cronJob)],
  ])
  for (const { what, overlay, from, to, found } of mistakes) {
    await context.test(`refuses ${what}`, async () => {
      const { code, errors } = await check(changed(good.get(overlay) ?? '', from, to))
      assert.notEqual(code, 0)
      assert.match(errors, found)
    })
  }

  for (const { what, from, to, found } of weaknesses) {
    await context.test(`warns of ${what}, and keeps all pods out`, async () => {
      for (const [overlay, text] of good) {
        const weaker = changed(text, from, to)
        const answer = await check(weaker)
        assert.equal(answer.code, 0, answer.errors)
        assert.match(answer.errors, /^Warning: would violate PodSecurity "restricted:latest"/m, overlay)
        assert.match(answer.errors, found, overlay)
        const pods = podsOf(weaker)
        const { errors } = await check(pods)
        const refused = [
          ...errors.matchAll(/"(\S+)" is forbidden: violates PodSecurity "restricted:latest"/g),
        ]
        assert.deepEqual(
          refused.map(([, pod]) => pod),
          pods.map(({ metadata }) => metadata.name),
          overlay,
        )
      }
    })
  }
})

type Change = { readonly what: string; readonly from: string; readonly to: string; readonly found: RegExp }

/** What the server must refuse. */
const mistakes: readonly (Change & { readonly overlay: string })[] = [
  {
    what: 'a field that does not exist',
    overlay: server,
    from: 'readinessProbe:',
    to: 'readinesProbe:',
    found: /readinesProbe/,
  },
  {
    what: 'a CronJob whose pods restart for ever',
    overlay: cronJob,
    from: 'restartPolicy: Never',
    to: 'restartPolicy: Always',
    found: /restartPolicy.*(OnFailure|Never)/,
  },
  {
    what: 'a schedule that is none',
    overlay: cronJob,
    from: 'schedule: 15 2 * * *',
    to: 'schedule: 15 25 * * *',
    found: /spec\.schedule/,
  },
  {
    what: 'a ServiceMonitor with a value of the wrong type',
    overlay: server,
    from: 'honorLabels: true',
    to: 'honorLabels: certainly',
    found: /honorLabels/,
  },
  {
    what: 'a rule with a field that does not exist',
    overlay: server,
    from: 'expr: kopia_backup_status == 0',
    to: 'expr: kopia_backup_status == 0\n      fore: 5m',
    found: /fore/,
  },
  {
    what: 'a rule whose expression is no PromQL',
    overlay: server,
    from: 'expr: kopia_backup_status == 0',
    to: 'expr: kopia_backup_status == == 0',
    found: /"prometheusrules" is invalid: .*"KopiaBackupFailed": could not parse expression/,
  },
  {
    what: 'a rule whose text is no template',
    overlay: server,
    from: 'summary: Backup operation failed',
    to: `summary: 'Backup of {{ $labels.path failed'`,
    found: /"prometheusrules" is invalid: .*"KopiaBackupFailed": annotation "summary": template/,
  },
]

/** What pod security must not let in. */
const weaknesses: readonly Change[] = [
  { what: 'root', from: 'runAsNonRoot: true', to: 'runAsNonRoot: false', found: /runAsNonRoot != true/ },
  {
    what: 'a container that may gain rights',
    from: 'allowPrivilegeEscalation: false',
    to: 'allowPrivilegeEscalation: true',
    found: /allowPrivilegeEscalation != false/,
  },
  { what: 'capabilities', from: '- ALL', to: '- NET_RAW', found: /unrestricted capabilities/ },
  {
    what: 'a pod without a seccomp profile',
    from: 'type: RuntimeDefault',
    to: 'type: Unconfined',
    found: /seccompProfile/,
  },
]

/** The text with every occurrence changed. Throws where there is none, so that no mistake is forgotten. */
function changed(text: string, from: string, to: string): string {
  assert.ok(text.includes(from), from)
  return text.replaceAll(from, to)
}

function assertTaken({ code, errors }: Answer): void {
  assert.equal(errors, '')
  assert.equal(code, 0)
}

/** Which version of each object is stored: a change of its content counts it up. */
function generationsOf(list: {
  readonly items: readonly { kind: string; metadata: { name: string; resourceVersion: string } }[]
}): readonly string[] {
  return list.items.map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`).sort()
}

type Pod = Manifest & {
  readonly spec: { readonly initContainers?: readonly { readonly name: string }[] }
}

/** The pods that the controllers would create, which no controller does here. */
function podsOf(text: string): readonly Pod[] {
  return manifestsOf(text).flatMap((manifest) => {
    const template = templateOf(manifest)
    const metadata = { ...template?.metadata, name: manifest.metadata.name, namespace: 'kopia' }
    return template === undefined ? [] : [{ apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec }]
  })
}

/** The first kustomization of README.md in a folder beside a copy of deploy/; returns the folder. */
async function asInReadme(folder: string): Promise<string> {
  const readme = await readFile(join(projectFolder, 'deploy/kubernetes/README.md'), 'utf8')
  const [, fenced = ''] = /^ *```yaml\n(.*?)^ *```$/ms.exec(readme) ?? []
  const own = join(folder, 'readme/backup')
  await mkdir(own, { recursive: true })
  await cp(join(projectFolder, 'deploy'), join(folder, 'readme/deploy'), { recursive: true })
  await writeFile(join(own, 'kustomization.yaml'), fenced.replaceAll(/^ {3}/gm, ''))
  return own
}

/** A kustomization for an overlay and the component for S3; returns its folder. */
async function withBucket(folder: string, overlay: string): Promise<string> {
  const own = join(folder, overlay)
  await mkdir(own, { recursive: true })
  const path = (of: string) => relative(own, join(projectFolder, of))
  const kustomization = { resources: [path(overlay)], components: [path('deploy/kubernetes/components/s3')] }
  await writeFile(join(own, 'kustomization.yaml'), JSON.stringify(kustomization))
  return own
}
