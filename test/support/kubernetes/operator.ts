// The parts of prometheus-operator that judge ServiceMonitors and PrometheusRules: its CRDs, and its admission webhook.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCertificate } from '../certificates.ts'
import { type Cleanable, cleanUpAfter } from '../cleanup.ts'
import { freePort, start } from '../processes.ts'
import { projectFolder, tool } from '../tools.ts'
import { type Cluster, readyUnlessEnded } from './cluster.ts'
import { kubectl } from './kubectl.ts'

const operator = 'github.com/prometheus-operator/prometheus-operator'

/** Installs the CRDs of the pinned version, and has the API server ask its webhook about every PrometheusRule. */
export async function installOperator(context: Cleanable, cluster: Cluster): Promise<void> {
  for (const name of ['servicemonitors', 'prometheusrules']) {
    const file = join(moduleFolder(), `example/prometheus-operator-crd/monitoring.coreos.com_${name}.yaml`)
    await expectSuccess(cluster, ['apply', '--server-side', '-f', file])
    await expectSuccess(cluster, ['wait', '--for=condition=Established', '--timeout=60s', '-f', file])
  }
  const port = await startWebhook(context, cluster)
  const registration = JSON.stringify(registrationOf(port, cluster))
  await expectSuccess(cluster, ['apply', '--server-side', '-f', '-'], registration)
}

/** Where Go keeps the source of the version that tools/prometheus-operator pins. */
function moduleFolder(): string {
  const folder = join(projectFolder, 'tools/prometheus-operator')
  const answer = execFileSync('go', ['-C', folder, 'mod', 'download', '-json', operator], {
    encoding: 'utf8',
  })
  const { Dir }: { readonly Dir: string } = JSON.parse(answer)
  return Dir
}

async function startWebhook(context: Cleanable, cluster: Cluster): Promise<number> {
  const certificate = makeCertificate(cluster.folder, 'webhook', cluster.authority)
  const port = await freePort()
  const webhook = start('prometheus-operator-webhook', tool('prometheus-operator-webhook'), [
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-tls=true',
    `--web.cert-file=${certificate.certificate}`,
    `--web.key-file=${certificate.key}`,
  ])
  cleanUpAfter(context, () => webhook.stop())
  await readyUnlessEnded(webhook, async () => webhook.output().includes(`127.0.0.1:${port}`))
  return port
}

function registrationOf(port: number, { authority }: Cluster): unknown {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'prometheus-operator' },
    webhooks: [
      {
        name: 'prometheusrules.monitoring.coreos.com',
        clientConfig: {
          url: `https://127.0.0.1:${port}/admission-prometheusrules/validate`,
          caBundle: readFileSync(authority.certificate).toString('base64'),
        },
        rules: [
          {
            apiGroups: ['monitoring.coreos.com'],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['prometheusrules'],
          },
        ],
        // A webhook that can't be reached must not pass for one that agrees.
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  }
}

async function expectSuccess(cluster: Cluster, parameters: readonly string[], input = ''): Promise<void> {
  const { code, errors } = await kubectl(cluster, parameters, input)
  if (code !== 0) throw new Error(`kubectl ${parameters.join(' ')}: ${errors}`)
}
