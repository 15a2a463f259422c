// Boots a whole Debian with a real systemd as process 1, in a podman container without a network.

import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'
import { start } from './processes.ts'
import { parseExposition, type Series } from './prometheus.ts'
import { projectFolder } from './tools.ts'
import { waitFor } from './wait.ts'

export type Machine = {
  /** Runs a program in the machine, and resolves with its exit code and output. */
  readonly run: (...command: readonly string[]) => Promise<MachineResult>
  /** Runs a program that must succeed, and resolves with its output. */
  readonly must: (...command: readonly string[]) => Promise<string>
  /** Runs a line of sh that must succeed. */
  readonly shell: (line: string) => Promise<string>
  readonly copyIn: (path: string, pathInside: string) => void
  /** Writes a file, and creates its folders. */
  readonly write: (pathInside: string, text: string) => Promise<string>
  /** Reads a page of Prometheus metrics from inside the machine, by name. */
  readonly scrape: (url: string) => Promise<ReadonlyMap<string, readonly Series[]>>
}

export type MachineResult = { readonly exitCode: number | NodeJS.Signals; readonly output: string }

/** Exit code of tools/machine-image.sh where no containers can be run. */
const cannotRun = 3

/** Creates the image, which takes a minute the first time, or returns why no container can run here. */
export function machineImage(
  suite: string,
  ...packages: readonly string[]
): { readonly image: string } | { readonly image: undefined; readonly reason: string } {
  const { status, stdout, stderr } = spawnSync('sh', ['tools/machine-image.sh', suite, ...packages], {
    cwd: projectFolder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  process.stderr.write(stderr)
  if (status === 0) return { image: stdout.trim() }
  if (status === cannotRun) return { image: undefined, reason: stderr.trim().split('\n').at(-1) ?? '' }
  throw new Error(`tools/machine-image.sh ended with ${status}: ${stderr}`)
}

/** Boots a machine, which goes away with the test. */
export async function bootMachine(context: Cleanable, image: string): Promise<Machine> {
  const name = `kopia-metrics-agent-test-${randomBytes(6).toString('hex')}`
  const remove = () =>
    execFileSync('podman', ['rm', '--force', '--ignore', '--time=0', name], { stdio: 'ignore' })
  process.on('exit', remove)
  cleanUpAfter(context, () => {
    process.off('exit', remove)
    remove()
  })
  execFileSync('podman', [
    '--runtime=runc',
    'run',
    '--detach',
    `--name=${name}`,
    '--label=kopia-metrics-agent=test',
    '--hostname=machine',
    '--systemd=always',
    '--privileged',
    '--network=none',
    // Some machines do not allow the limits that podman sets by default.
    '--ulimit=nofile=1024:1024',
    '--ulimit=nproc=1024:1024',
    image,
    // systemd mounts credentials of services, and needs shared mounts, which it sets up itself only outside of containers.
    // Since version 256 it needs this variable on a host with the first version of cgroups.
    ...['/bin/sh', '-c', 'mount --make-rshared / && exec /sbin/init SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1'],
  ])
  const run = async (...command: readonly string[]): Promise<MachineResult> => {
    const running = start('podman', 'podman', ['exec', name, ...command])
    return { exitCode: await running.ended, output: running.output() }
  }
  const must = async (...command: readonly string[]): Promise<string> => {
    const { exitCode, output } = await run(...command)
    if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${exitCode}: ${output}`)
    return output
  }
  const shell = (line: string) => must('sh', '-c', line)
  await waitFor('the machine has booted', async () =>
    (await run('systemctl', 'is-system-running')).output.trim() === 'running' ? true : undefined,
  )
  return {
    run,
    must,
    shell,
    copyIn: (path, pathInside) => execFileSync('podman', ['cp', path, `${name}:${pathInside}`]),
    write: (pathInside, text) =>
      must('sh', '-c', 'mkdir -p "$(dirname "$1")" && printf %s "$2" >"$1"', 'sh', pathInside, text),
    // A minimal Debian has no program that fetches a page.
    scrape: async (url) => parseExposition(await must('perl', '-MIO::Socket::INET', '-e', getPage, url)),
  }
}

/** Perl that fetches a page over HTTP. */
export const getPage = `
my ($address, $path) = $ARGV[0] =~ m{^http://([^/]+)(/.*)};
my $socket = IO::Socket::INET->new(PeerAddr => $address) or die "$address: $@";
print $socket "GET $path HTTP/1.0\\r\\n\\r\\n";
print <$socket>;
`
