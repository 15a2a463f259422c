// A real Kubernetes API server with its etcd, each on a free port of 127.0.0.1. It takes, checks and refuses what it is
// sent; no kubelet runs, so no pod starts.

import { generateKeyPairSync } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { join } from 'node:path'
import { type Certificate, makeAuthority, makeCertificate } from '../certificates.ts'
import { type Cleanable, cleanUpAfter } from '../cleanup.ts'
import { temporaryFolder } from '../folder.ts'
import { freePort, type Running, start } from '../processes.ts'
import { tool } from '../tools.ts'
import { waitFor } from '../wait.ts'

export type Cluster = {
  readonly folder: string
  /** For kubectl: where the server is, and who asks. */
  readonly kubeconfig: string
  /** Signs the server's certificate, and those of webhooks. */
  readonly authority: Certificate
}

const token = 'token-of-the-test'

/** Starts etcd and the API server for a test, and resolves once the server is ready. */
export async function startCluster(context: Cleanable): Promise<Cluster> {
  const folder = await temporaryFolder(context)
  const authority = makeAuthority(folder, 'authority')
  const etcdUrl = await startEtcd(context, folder)
  const port = await freePort()
  const server = await startApiServer(context, folder, authority, etcdUrl, port)
  await readyUnlessEnded(server, async () => (await statusOf(port, authority)) === 200)
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(port, authority)))
  return { folder, kubeconfig, authority }
}

/** Waits until a service is ready. Rejects with its output where it ends before. */
export async function readyUnlessEnded(service: Running, isReady: () => Promise<boolean>): Promise<void> {
  const ended = service.ended.then((result) => {
    throw new Error(`${service.name} ended with ${result}: ${service.output()}`)
  })
  await Promise.race([ended, waitFor(`${service.name} is ready`, async () => (await isReady()) || undefined)])
}

async function startEtcd(context: Cleanable, folder: string): Promise<string> {
  const url = `http://127.0.0.1:${await freePort()}`
  const peerUrl = `http://127.0.0.1:${await freePort()}`
  const etcd = start('etcd', tool('etcd'), [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    // What a test stores need not outlive the machine.
    '--unsafe-no-fsync',
  ])
  cleanUpAfter(context, () => etcd.stop())
  return url
}

async function startApiServer(
  context: Cleanable,
  folder: string,
  authority: Certificate,
  etcdUrl: string,
  port: number,
): Promise<Running> {
  const certificate = makeCertificate(folder, 'api-server', authority)
  const accountKey = join(folder, 'accounts.key')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await writeFile(accountKey, privateKey.export({ type: 'sec1', format: 'pem' }))
  const tokens = join(folder, 'tokens.csv')
  await writeFile(tokens, `${token},test,test,system:masters\n`)
  await mkdir(join(folder, 'server'))
  const server = start('kube-apiserver', tool('kube-apiserver'), [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, 'server')}`,
    `--tls-cert-file=${certificate.certificate}`,
    `--tls-private-key-file=${certificate.key}`,
    `--token-auth-file=${tokens}`,
    '--authorization-mode=AlwaysAllow',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${accountKey}`,
    `--service-account-signing-key-file=${accountKey}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    // No controller creates service accounts, and a loopback address can't be an endpoint.
    '--disable-admission-plugins=ServiceAccount',
    '--endpoint-reconciler-type=none',
  ])
  cleanUpAfter(context, () => server.stop())
  return server
}

/** The HTTP status of `/readyz`; rejects while nobody listens. */
async function statusOf(port: number, authority: Certificate): Promise<number | undefined> {
  const ca = await readFile(authority.certificate)
  const headers = { authorization: `Bearer ${token}` }
  return new Promise((resolve, reject) => {
    get(`https://127.0.0.1:${port}/readyz`, { ca, headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
}

function kubeconfigOf(port: number, authority: Certificate): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [
      {
        name: 'test',
        cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': authority.certificate },
      },
    ],
    users: [{ name: 'test', user: { token } }],
  }
}
